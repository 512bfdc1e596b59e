const drop = document.querySelector(".drop");
const input = document.querySelector(".drop input");
const answers = document.querySelector("#answers");
const PARALLEL = 4;
const waiting = [];
let running = 0;

const element = (name, css, text) => {
  const made = document.createElement(name);
  if (css) made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
};

const choice = (each, first) => {
  const percent = 100 * each.probability;
  const row = element("div", first ? "choice first" : "choice");
  const track = element("span", "track");
  const fill = element("span", "fill");
  fill.style.width = `${percent}%`;
  track.append(fill);
  row.append(element("span", "label", each.label), element("span", "share", `${percent.toFixed(1)}%`), track);
  return row;
};

const number = each => {
  const shown = value => Number(value.toPrecision(6)).toString();
  const row = element("div", "choice first");
  row.append(element("span", "label", each.name), element("span", "share", shown(each.value)));
  if (each.low !== null) row.append(element("span", "note", `interval ${shown(each.low)} to ${shown(each.high)}`));
  return row;
};

const show = (into, answer) => {
  if (answer.error) {
    into.append(element("p", "problem", `${answer.error.must} (got ${answer.error.given}).`));
    return;
  }
  if (answer.labels) into.append(element("p", "", answer.labels.length ? answer.labels.join(", ") : "no label"));
  for (const each of answer.numbers ?? []) into.append(number(each));
  (answer.top ?? []).forEach((each, place) => into.append(choice(each, place === 0 && !answer.labels)));
  for (const note of answer.notes) into.append(element("p", "note", note));
};

const ask = async (file, into) => {
  const form = new FormData();
  form.append("files", file);
  try {
    const reply = await fetch("predict", { method: "POST", body: form });
    const content = await reply.json();
    show(into, reply.ok ? content.predictions[0] : { error: content });
  } catch {
    into.append(element("p", "problem", "The service does not answer. Is it still running?"));
  }
};

const work = async () => {
  if (running >= PARALLEL || !waiting.length) return;
  running += 1;
  const [file, into] = waiting.shift();
  await ask(file, into);
  into.removeAttribute("aria-busy");
  running -= 1;
  work();
};

const add = files => {
  for (const file of files) {
    const item = element("li");
    const picture = element("img");
    const into = element("div");
    picture.alt = "";
    picture.src = URL.createObjectURL(file);
    picture.onload = picture.onerror = () => URL.revokeObjectURL(picture.src);
    into.append(element("p", "file", file.name));
    into.setAttribute("aria-busy", "true");
    item.append(picture, into);
    answers.prepend(item);
    waiting.push([file, into]);
    work();
  }
};

if (drop) {
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, event => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", event => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", event => {
    event.preventDefault();
    drop.classList.remove("over");
    add(event.dataTransfer.files);
  });
}
