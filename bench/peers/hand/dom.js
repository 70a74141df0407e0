// How a page by hand writes what it shows: only where it differs.

export const icon = (name) => `<svg aria-hidden="true"><use href="#i-${name}"></use></svg>`;

export const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

export const set = (node, name, value) => {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** A text that is cut off where it is too long, whole on demand. */
export const named = (node, text) => {
  write(node, text);
  set(node, 'title', text);
};
