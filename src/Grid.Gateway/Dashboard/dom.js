// Elements are made and filled here. Data becomes text, never markup.

export const byId = id => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in made) made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Sets a text only if it is another: what did not change is not laid out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Fills a table's body with rows of texts; rows that are there already are used again. */
export function fillRows(body, rows, classes = []) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, i) => {
    const row = body.rows[i] ?? body.insertRow();
    cells.forEach((cell, k) => {
      const target = row.cells[k] ?? row.insertCell();
      target.className = classes[k] ?? '';
      if (cell instanceof Node) target.replaceChildren(cell); else setText(target, cell);
    });
  });
}

/** A colour of the style sheet, as it is in the scheme that is on. */
export const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
