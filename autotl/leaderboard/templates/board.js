const filters = document.querySelector(".filters");
const slices = [...document.querySelectorAll(".slice")];
const none = document.querySelector(".none");
if (filters) {
  const selects = [...filters.querySelectorAll("select")];
  const show = () => {
    const key = selects.map(each => each.value).join(",") || "all";
    let found = false;
    for (const slice of slices) {
      const on = slice.dataset.choices.split(" ").includes(key);
      slice.hidden = !on;
      found = found || on;
    }
    none.hidden = found;
  };
  filters.addEventListener("change", show);
  filters.addEventListener("reset", () => setTimeout(show));
  filters.addEventListener("submit", event => event.preventDefault());
  filters.hidden = false;
  show();
}
{% include "sortable.js" %}
