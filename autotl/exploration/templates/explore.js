const groups = [...document.querySelectorAll("g[data-cluster]")];
const links = [...document.querySelectorAll(".legend a")];
let kept = null;
const show = only => {
  for (const group of groups) group.classList.toggle("faded", only !== null && group.dataset.cluster !== only);
  for (const link of links) link.classList.toggle("chosen", link.dataset.only === only);
};
for (const link of links) {
  link.addEventListener("pointerenter", () => show(link.dataset.only));
  link.addEventListener("focus", () => show(link.dataset.only));
  link.addEventListener("pointerleave", () => show(kept));
  link.addEventListener("blur", () => show(kept));
}
for (const group of groups) {
  group.addEventListener("click", () => {
    kept = kept === group.dataset.cluster ? null : group.dataset.cluster;
    show(kept);
  });
}
