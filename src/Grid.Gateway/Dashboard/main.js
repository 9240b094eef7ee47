// The dashboard: which page is shown, and whether the server is there.

import { byId, setText } from './dom.js';
import { Figures, Quality } from './figures.js';
import * as format from './format.js';
import { InstrumentPage } from './instrument.js';
import { Instruments } from './instruments.js';
import { giveKey, Heartbeat, Market } from './server.js';
import { MarketTable } from './table.js';

const INSTRUMENT = '#/instrument/';

const instruments = new Instruments();
const market = new Market(instruments);
const figures = new Figures();
const quality = new Quality();
const page = new InstrumentPage(instruments);
const table = new MarketTable(instruments, {
  scroll: byId('market-scroll'), table: byId('market'), body: byId('market-body'), head: byId('market-head'), empty: byId('market-empty'), count: byId('count'),
});

let lastSeen = null;
let isOnInstrument = false;

function showConnection(state, text) {
  byId('connection').dataset.state = state;
  setText(byId('connection-text'), text);
}

async function showPage() {
  const symbol = location.hash.startsWith(INSTRUMENT) ? decodeURIComponent(location.hash.slice(INSTRUMENT.length)) : null;
  const isKnown = symbol !== null && instruments.get(symbol) !== undefined;
  isOnInstrument = isKnown;
  byId('market-view').hidden = symbol !== null;
  byId('instrument-view').hidden = !isKnown;
  byId('unknown-instrument').hidden = symbol === null || isKnown || lastSeen === null;
  document.title = symbol === null ? 'Grid' : `${symbol} – Grid`;
  if (isKnown) {
    await page.open(symbol);
  } else {
    page.close();
    setText(byId('unknown-instrument'), `There is no instrument “${symbol}”.`);
    if (symbol === null) table.refresh();
  }
}

async function turnPage() {
  await showPage().catch(() => {});
  (isOnInstrument ? byId('instrument-title') : byId('main')).focus({ preventScroll: true });
}

new Heartbeat({
  async back() {
    figures.restart();
    await market.begin();
    lastSeen = new Date();
    await showPage();
  },
  async status(status) {
    figures.show(status);
    await Promise.all([market.poll(), isOnInstrument ? page.refresh() : quality.show(status)]);
    lastSeen = new Date();
    showConnection('live', 'Live');
    byId('away').hidden = true;
    byId('key-form').hidden = true;
    document.body.classList.remove('is-away');
  },
  away() {
    market.end();
    showConnection('away', 'Server away');
    byId('away').hidden = false;
    byId('key-form').hidden = true;
    document.body.classList.add('is-away');
    setText(byId('away'), lastSeen === null ? 'The server does not answer. Trying again every second.'
      : `The server has not answered since ${format.timeOfDay(lastSeen)}. What is shown is from then. Trying again every second.`);
  },
  locked(error, hadKey) {
    market.end();
    showConnection('away', 'Key wanted');
    byId('away').hidden = true;
    byId('key-form').hidden = false;
    document.body.classList.add('is-away');
    setText(byId('key-note'), !hadKey ? 'This server asks for a key of the role read.'
      : error.status === 403 ? 'This key may not read.'
      : 'The server does not take this key.');
    byId('key').focus();
  },
}).run();

// A browser opens few connections to one server: a page that nobody sees keeps none for its stream.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) market.end();
  else if (byId('connection').dataset.state === 'live') market.begin().catch(() => {});
});
byId('key-form').addEventListener('submit', event => {
  event.preventDefault();
  const key = byId('key').value.trim();
  byId('key').value = '';
  // A header has room for nothing else, and no key has anything else.
  if (/^[\x21-\x7e]+$/.test(key)) giveKey(key); else setText(byId('key-note'), 'That is no key.');
});
addEventListener('hashchange', turnPage);
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  byId('main').focus();
});
byId('filter').addEventListener('input', event => { table.filter = event.target.value; });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => table.refresh());
addEventListener('keydown', event => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === '/' && !isTyping && !byId('market-view').hidden) {
    event.preventDefault();
    byId('filter').focus();
  } else if (event.key === 'Escape' && byId('market-view').hidden) {
    location.hash = '#/';
  } else if (event.key === 'Escape' && isTyping) {
    event.target.value = '';
    table.filter = '';
  }
});
