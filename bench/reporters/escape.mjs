const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for HTML, inside elements and attributes. */
export function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}
