// Adds a filter to the list of operations; the page reads without it.
'use strict';
const label = document.getElementById('filter-label');
const filter = document.getElementById('filter');
label.hidden = false;
filter.addEventListener('input', () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll('.menu li li')) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
});
