// Writing to the DOM only if a value differs, as a hand-written page does.

export const icon = (name) => `<svg aria-hidden="true"><use href="#i-${name}"></use></svg>`;

export const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

export const set = (node, name, value) => {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** A text that is cut off if it is too long, with the full text as title. */
export const named = (node, text) => {
  write(node, text);
  set(node, 'title', text);
};
