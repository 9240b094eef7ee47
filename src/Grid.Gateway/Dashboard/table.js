// The market's table: however many instruments there are, only the rows in sight exist.

import { element, setText } from './dom.js';
import * as format from './format.js';
import { drawSparkline, toneOf } from './sparkline.js';

const OVERSCAN = 6;
const SORT_AGAIN_MS = 2000;
const FLASH_MS = 700;
const FLASH_AGAIN_MS = 1000;  // three a second and more can hurt
const stillness = matchMedia('(prefers-reduced-motion: reduce)');

const text = (key, label, rank, show, sortBy) => ({ key, label, rank, show, sortBy });
const number = (key, label, rank, show, sortBy) => ({ key, label, rank, show, sortBy, isNumber: true });
const side = (name, part) => i => i.latest[name] === null ? format.NOTHING : part(i);

// rank: 1 is always there, 2 on a tablet, 3 on a desk.
const COLUMNS = [
  text('symbol', 'Instrument', 1, i => i.symbol, i => i.symbol),
  number('last', 'Last', 1, i => format.decimal(i.latest.price, i.decimals), i => i.last),
  number('change', 'Change', 1, i => Number.isNaN(i.change) ? format.NOTHING : format.signedPercent(i.change), i => i.change),
  { key: 'trend', label: 'Trend', rank: 1 },
  number('bid_size', 'Bid size', 3, side('bid', i => format.decimal(i.latest.bid_size, 0)), i => Number(i.latest.bid_size)),
  number('bid', 'Bid', 2, side('bid', i => format.decimal(i.latest.bid, i.decimals)), i => Number(i.latest.bid)),
  number('ask', 'Ask', 2, side('ask', i => format.decimal(i.latest.ask, i.decimals)), i => Number(i.latest.ask)),
  number('ask_size', 'Ask size', 3, side('ask', i => format.decimal(i.latest.ask_size, 0)), i => Number(i.latest.ask_size)),
  number('high', 'High', 3, i => format.decimal(i.latest.day?.high, i.decimals), i => Number(i.latest.day?.high)),
  number('low', 'Low', 3, i => format.decimal(i.latest.day?.low, i.decimals), i => Number(i.latest.day?.low)),
  number('volume', 'Volume', 2, i => i.latest.day ? format.short(Math.round(Number(i.latest.day.volume))) : format.NOTHING, i => Number(i.latest.day?.volume)),
  number('trades', 'Trades', 3, i => i.latest.day ? format.short(i.latest.day.count) : format.NOTHING, i => i.latest.day?.count ?? NaN),
  number('time', 'Time (UTC)', 2, i => format.clock(i.latest.time), i => i.latest.time),
];

export class MarketTable {
  #instruments;
  #scroll; #table; #body; #head; #empty; #count;
  #before; #after;          // rows that are as high as what is not in sight
  #rows = [];               // of the rows in sight: { row, link, cells, canvas, instrument, shown, changes, flashedAt }
  #order = [];              // instruments that fit the filter, as sorted
  #sort = { column: COLUMNS[0], isDescending: false };
  #filter = '';
  #isStale = true;          // the order must be made again
  #sortedAt = 0;
  #sortAgain = 0;           // the timer of a new order that had to wait; 0 if none does
  #changed = new Set();     // instruments to show again at the next frame
  #isDrawing = false;
  #active = null;           // the symbol that the keyboard stands on

  constructor(instruments, parts) {
    this.#instruments = instruments;
    ({ scroll: this.#scroll, table: this.#table, body: this.#body, head: this.#head, empty: this.#empty, count: this.#count } = parts);
    this.#makeHead();
    this.#before = element('tr', { className: 'space', ariaHidden: 'true' }, element('td'));
    this.#after = this.#before.cloneNode(true);
    this.#body.append(this.#before, this.#after);
    this.#scroll.addEventListener('scroll', () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.#scroll);
    this.#body.addEventListener('keydown', event => this.#move(event));
    this.#body.addEventListener('focusin', event => { this.#active = event.target.closest('tr')?.dataset.symbol ?? this.#active; });
    this.#body.addEventListener('click', event => {
      if (event.target.closest('a') === null) event.target.closest('tr')?.querySelector('a')?.click();
    });
    instruments.watch((instrument, isNew) => {
      this.#changed.add(instrument);
      if (isNew) this.#isStale = true;
      this.#draw();
    });
  }

  set filter(pattern) {
    this.#filter = pattern.trim();
    this.#isStale = true;
    this.#scroll.scrollTop = 0;
    this.#draw();
  }

  /** Draws again what may have changed without a price: after the view was hidden, or in another scheme. */
  refresh() {
    for (const row of this.#rows) row.shown = null;
    this.#draw();
  }

  #makeHead() {
    for (const column of COLUMNS) {
      const cell = element('th', { scope: 'col', className: this.#classOf(column) });
      if (column.sortBy) {
        const button = element('button', { type: 'button' }, column.label);
        button.addEventListener('click', () => this.#sortBy(column));
        cell.append(button);
      } else {
        cell.append(column.label);
      }
      column.cell = cell;
      this.#head.append(cell);
    }
    this.#showSort();
  }

  #classOf = column => `c-${column.key} rank-${column.rank}${column.isNumber ? ' number' : ''}`;

  #sortBy(column) {
    const isSame = this.#sort.column === column;
    this.#sort = { column, isDescending: isSame ? !this.#sort.isDescending : column.isNumber === true };
    this.#isStale = true;
    this.#showSort();
    this.#draw();
  }

  #showSort() {
    for (const column of COLUMNS) {
      if (column === this.#sort.column) column.cell.setAttribute('aria-sort', this.#sort.isDescending ? 'descending' : 'ascending');
      else column.cell.removeAttribute('aria-sort');
    }
  }

  #draw() {
    if (this.#isDrawing || this.#scroll.clientHeight === 0) return;
    this.#isDrawing = true;
    requestAnimationFrame(now => {
      this.#isDrawing = false;
      if (this.#sort.column.key !== 'symbol' && this.#changed.size > 0) this.#sortSoon(now);
      if (this.#isStale) this.#makeOrder(now);
      this.#showRows();
      this.#changed.clear();
    });
  }

  // Rows that jumped with every price could not be read. What changes meanwhile is sorted when the time is up, or the
  // last change before a quiet market would stay in its old place.
  #sortSoon(now) {
    const wait = this.#sortedAt + SORT_AGAIN_MS - now;
    if (wait <= 0) this.#isStale = true;
    else if (!this.#sortAgain) {
      this.#sortAgain = setTimeout(() => {
        this.#sortAgain = 0;
        this.#isStale = true;
        this.#draw();
      }, wait);
    }
  }

  #makeOrder(now) {
    const matches = matcher(this.#filter);
    const { column: { sortBy }, isDescending } = this.#sort;
    const sign = isDescending ? -1 : 1;
    this.#order = this.#instruments.all().filter(i => matches(i.symbol));
    this.#order.sort((a, b) => {
      const [x, y] = [sortBy(a), sortBy(b)];
      // What is not known comes last, whichever way.
      if (x !== x || y !== y) return (x !== x) - (y !== y) || compare(a.symbol, b.symbol);
      return sign * compare(x, y) || compare(a.symbol, b.symbol);
    });
    this.#isStale = false;
    this.#sortedAt = now;
    const all = this.#instruments.count;
    setText(this.#count, this.#filter ? `${format.whole(this.#order.length)} of ${format.whole(all)}` : `${format.whole(all)}`);
    this.#table.setAttribute('aria-rowcount', this.#order.length + 1);
    this.#empty.hidden = this.#order.length > 0;
    setText(this.#empty, all === 0 ? 'No events have come yet.' : `No symbol fits “${this.#filter}”.`);
  }

  #showRows() {
    const height = this.#rowHeight();
    const inSight = Math.ceil(this.#scroll.clientHeight / height);
    const first = Math.max(0, Math.min(Math.floor(this.#scroll.scrollTop / height) - OVERSCAN, this.#order.length - inSight - OVERSCAN));
    const count = Math.min(this.#order.length - first, inSight + 2 * OVERSCAN);
    while (this.#rows.length < count) this.#addRow();
    while (this.#rows.length > count) this.#rows.pop().row.remove();
    this.#before.style.height = `${first * height}px`;
    this.#after.style.height = `${(this.#order.length - first - count) * height}px`;

    // An instrument that stays in sight keeps its row's place in the ring, so scrolling rewrites only what comes in.
    const wanted = this.#order.slice(first, first + count);
    const held = new Map(this.#rows.map(row => [row.instrument, row]));
    const free = this.#rows.filter(row => !wanted.includes(row.instrument));
    wanted.forEach((instrument, i) => {
      const row = held.get(instrument) ?? free.pop();
      if (row !== this.#rows[i] || row.row.rowIndexShown !== first + i) {
        row.row.setAttribute('aria-rowindex', first + i + 2);
        row.row.rowIndexShown = first + i;
      }
      wanted[i] = row;
      this.#show(row, instrument);
    });
    let place = this.#before.nextSibling;
    for (const row of wanted) {
      if (row.row !== place) this.#body.insertBefore(row.row, place); else place = place.nextSibling;
    }
    this.#rows = wanted;
    if (!this.#rows.some(row => row.instrument.symbol === this.#active)) this.#active = this.#rows[0]?.instrument.symbol ?? null;
    for (const row of this.#rows) row.link.tabIndex = row.instrument.symbol === this.#active ? 0 : -1;
  }

  #addRow() {
    const row = element('tr');
    const cells = COLUMNS.map(column => row.appendChild(element(column.key === 'symbol' ? 'th' : 'td', { className: this.#classOf(column) })));
    cells[0].scope = 'row';
    const link = cells[0].appendChild(element('a'));
    const canvas = cells[3].appendChild(element('canvas', { ariaHidden: 'true' }));
    this.#body.insertBefore(row, this.#after);
    this.#rows.push({ row, link, cells, canvas, instrument: null, shown: null, changes: 0, flashedAt: -Infinity });
  }

  #show(row, instrument) {
    if (row.shown === instrument.latest) return;
    const isSame = row.instrument === instrument;
    if (!isSame) {
      row.instrument = instrument;
      row.row.dataset.symbol = instrument.symbol;
      row.link.textContent = instrument.symbol;
      row.link.href = '#/instrument/' + encodeURIComponent(instrument.symbol);
      row.link.title = instrument.symbol;
    }
    row.shown = instrument.latest;
    COLUMNS.forEach((column, i) => { if (column.show && i > 0) setText(row.cells[i], column.show(instrument)); });
    const [, last, change] = row.cells;
    change.dataset.tone = instrument.change > 0 ? 'up' : instrument.change < 0 ? 'down' : '';
    last.dataset.direction = instrument.direction > 0 ? 'up' : instrument.direction < 0 ? 'down' : '';
    if (isSame && row.changes !== instrument.changes) flash(row, last, instrument.direction);
    row.changes = instrument.changes;
    drawSparkline(row.canvas, instrument.history, toneOf(instrument.history));
  }

  #rowHeight = () => parseFloat(getComputedStyle(this.#table).getPropertyValue('--row'));

  #move(event) {
    const page = Math.max(1, Math.floor(this.#scroll.clientHeight / this.#rowHeight()) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const from = this.#order.findIndex(i => i.symbol === this.#active);
    const to = Math.max(0, Math.min(this.#order.length - 1, from + steps[event.key]));
    this.#active = this.#order[to].symbol;
    const height = this.#rowHeight();
    const head = this.#head.offsetHeight;
    const [top, bottom] = [to * height, (to + 1) * height + head];
    if (top < this.#scroll.scrollTop) this.#scroll.scrollTop = top;
    else if (bottom > this.#scroll.scrollTop + this.#scroll.clientHeight) this.#scroll.scrollTop = bottom - this.#scroll.clientHeight;
    this.#showRows();
    this.#rows.find(row => row.instrument.symbol === this.#active)?.link.focus({ preventScroll: true });
  }
}

const compare = (x, y) => x < y ? -1 : x > y ? 1 : 0;

function flash(row, cell, direction) {
  const now = performance.now();
  if (stillness.matches || now - row.flashedAt < FLASH_AGAIN_MS) return;
  row.flashedAt = now;
  const tone = direction > 0 ? 'var(--up-flash)' : 'var(--down-flash)';
  cell.animate([{ backgroundColor: tone }, { backgroundColor: 'transparent' }], { duration: FLASH_MS, easing: 'ease-out' });
}

/** Without * and ? a filter is any part of a symbol, in any case; with them it is the whole of it. */
function matcher(filter) {
  if (filter === '') return () => true;
  const wanted = filter.toUpperCase();
  if (!/[*?]/.test(filter)) return symbol => symbol.toUpperCase().includes(wanted);
  const pattern = new RegExp('^' + wanted.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.') + '$');
  return symbol => pattern.test(symbol.toUpperCase());
}
