// All instruments with what is known of each now.

import { decimalsOf } from './format.js';

const HISTORY = 60;
const HISTORY_EVERY_MS = 1000;

export class Instrument {
  constructor(symbol) {
    this.symbol = symbol;
    this.latest = null;
    this.last = NaN;         // numbers for sorting and drawing; texts are shown
    this.change = NaN;       // against the day's first price
    this.decimals = 2;
    this.direction = 0;      // of the newest change of the last price
    this.changes = 0;        // grows with every change of the last price
    this.history = [];       // last prices, one a second
    this.historyAt = 0;
  }

  take(latest, now) {
    const price = latest.price === null ? NaN : Number(latest.price);
    if (this.latest && price !== this.last && !Number.isNaN(price)) {
      this.direction = price > this.last ? 1 : price < this.last ? -1 : this.direction;
      this.changes++;
    }
    this.latest = latest;
    this.last = price;
    const open = Number(latest.day?.open);
    this.change = open > 0 && !Number.isNaN(price) ? price / open - 1 : NaN;
    this.decimals = Math.max(this.decimals, decimalsOf(latest.price), decimalsOf(latest.bid), decimalsOf(latest.ask));
    if (!Number.isNaN(price)) this.#remember(price, now);
  }

  #remember(price, now) {
    if (now - this.historyAt >= HISTORY_EVERY_MS || this.history.length === 0) {
      this.historyAt = now;
      this.history.push(price);
      if (this.history.length > HISTORY) this.history.shift();
    } else {
      this.history[this.history.length - 1] = price;
    }
  }
}

export class Instruments {
  #bySymbol = new Map();
  #watchers = new Set();

  get count() { return this.#bySymbol.size; }

  all() { return [...this.#bySymbol.values()]; }

  get(symbol) { return this.#bySymbol.get(symbol); }

  /** Takes what is known of one instrument now. */
  take(latest) {
    let instrument = this.#bySymbol.get(latest.instrument);
    const isNew = instrument === undefined;
    if (isNew) this.#bySymbol.set(latest.instrument, instrument = new Instrument(latest.instrument));
    instrument.take(latest, performance.now());
    for (const watcher of this.#watchers) watcher(instrument, isNew);
  }

  /** Calls back for each instrument that changes. */
  watch(callback) { this.#watchers.add(callback); }
}
