const at = id => document.getElementById(id);
const content = at("content");
let version = Number(content.dataset.version), missed = 0, ended = false, kept = "";
const keep = async () => {
  // the server ends with the run, but the link to the report must not
  const answer = await fetch("report.html");
  if (answer.ok) kept = URL.createObjectURL(await answer.blob());
};
const replace = body => {
  const unfolded = new Set([...content.querySelectorAll("details[open] > summary")].map(each => each.textContent));
  content.innerHTML = body;
  for (const each of content.querySelectorAll("details > summary")) {
    each.parentElement.open = unfolded.has(each.textContent);
  }
};
const show = found => {
  document.title = found.title;
  for (const id of ["time", "left", "step"]) at(id).textContent = found[id];
  at("spent").hidden = found.share === null;
  at("share").style.width = `${100 * (found.share ?? 0)}%`;
  if (found.body !== undefined) replace(found.body);
  version = found.version;
  if (kept && at("report")) at("report").href = kept;
};
const lost = () => {
  if (ended) return "The run has ended. This is its last state.";
  return missed < 3 ? "" : "No answer: the process of the run has ended. See its folder with: autotl watch RUN";
};
const look = async () => {
  let wait = 1000;
  try {
    const answer = await fetch(`state.json?version=${version}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const found = await answer.json();
    if (!found.ended) kept = "";
    else if (found.report && !kept) await keep();
    [missed, ended] = [0, found.ended];
    show(found);
    at("connection").textContent = "";
    if (ended) wait = 5000;
  } catch {
    missed += 1;
    at("connection").textContent = lost();
    wait = 1000 * Math.min(missed, 10);
  }
  setTimeout(look, wait);
};
look(); // at once, so that the server knows of this page
addEventListener("pagehide", () => fetch("left", { keepalive: true }).catch(() => {})); // a run waits for pages
