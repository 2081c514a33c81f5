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

export const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.01 ? 1 : 0)} %`;

export function points(value) {
  const rounded = (100 * value).toFixed(Math.abs(value) < 0.0095 ? 1 : 0);
  return `${value >= 0 ? "+" : "−"}${rounded.replace("-", "")}`;
}
