/**
 * The only script of a report: sorts, filters and enlarges the pictures of galleries. It reads and
 * writes nothing but the page; without it the page is complete.
 */
export const pageScript = `
'use strict';
const dialog = document.querySelector('dialog');
dialog.querySelector('[data-close]').addEventListener('click', () => dialog.close());
const compare = {
  worst: (a, b) => b.dataset.severity - a.dataset.severity,
  high: (a, b) => b.dataset.score - a.dataset.score,
  low: (a, b) => a.dataset.score - b.dataset.score,
  name: (a, b) => a.dataset.id.localeCompare(b.dataset.id, undefined, { numeric: true }),
};
for (const gallery of document.querySelectorAll('[data-gallery]')) {
  const list = gallery.querySelector('ul');
  const cards = [...list.children];
  const sort = gallery.querySelector('[data-sort]');
  const filter = gallery.querySelector('[data-filter]');
  const update = () => {
    let shown = 0;
    for (const card of [...cards].sort(compare[sort.value])) {
      card.hidden = Boolean(filter && filter.value && card.dataset.outcome !== filter.value);
      if (!card.hidden) shown++;
      list.append(card);
    }
    gallery.querySelector('output').textContent = shown + ' of ' + cards.length + ' shown';
  };
  sort.addEventListener('change', update);
  if (filter) filter.addEventListener('change', update);
  gallery.querySelector('[data-controls]').hidden = false;
  for (const card of cards) {
    const enlarge = () => {
      const content = dialog.querySelector('div');
      content.replaceChildren();
      for (const part of card.querySelectorAll('.card-head, .thumbs')) content.append(part.cloneNode(true));
      dialog.showModal();
    };
    const button = card.querySelector('[data-enlarge]');
    button.hidden = false;
    button.addEventListener('click', enlarge);
    card.querySelector('.thumbs').addEventListener('click', enlarge);
  }
}
`;
