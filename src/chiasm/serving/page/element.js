// Elements without markup in strings: what users write never becomes HTML.

export const by = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  const { style = {}, ...rest } = properties;
  Object.assign(made, rest);
  for (const [name, value] of Object.entries(style)) made.style.setProperty(name, value);
  made.append(...children);
  return made;
}

export const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`;

export const points = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(100 * value).toFixed(1)}`;
