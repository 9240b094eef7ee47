// One instrument's page: its figures, its bars, its newest ticks.

import { byId, element, fillRows, setText } from './dom.js';
import { BarChart } from './chart.js';
import * as format from './format.js';
import { ask, Refusal, symbolPath } from './server.js';

const INTERVALS = [['1s', 1], ['1m', 60], ['5m', 300], ['15m', 900], ['1h', 3600]];
const BARS = 120;
const TICKS = 60;
const TICK_LOOK_BACK_S = [0.05, 0.5, 5, 60, 900, 14400];

export class InstrumentPage {
  #instruments;
  #chart = new BarChart(byId('chart'), byId('chart-reading'), BARS);
  #symbol = null;
  #interval = INTERVALS[1];
  #buttons = new Map();
  #lookBack = 0;           // where in TICK_LOOK_BACK_S enough ticks were found last

  constructor(instruments) {
    this.#instruments = instruments;
    for (const interval of INTERVALS) {
      const button = element('button', { type: 'button' }, interval[0]);
      button.addEventListener('click', () => this.#choose(interval));
      this.#buttons.set(interval, button);
      byId('intervals').append(button);
    }
    this.#showChoice();
    instruments.watch(instrument => { if (instrument.symbol === this.#symbol) this.#showFigures(instrument); });
  }

  open(symbol) {
    this.#symbol = symbol;
    this.#lookBack = 0;
    this.#chart.clear();
    fillRows(byId('ticks'), []);
    setText(byId('instrument-title'), symbol);
    setText(byId('instrument-definition'), '');
    const instrument = this.#instruments.get(symbol);
    if (instrument) this.#showFigures(instrument);
    this.#showDefinition(symbol);
    return this.refresh();
  }

  close() { this.#symbol = null; }

  /** Brings bars and ticks up to now. */
  async refresh() {
    const symbol = this.#symbol;
    const instrument = this.#instruments.get(symbol);
    if (!instrument) return;
    const [bars, ticks] = await Promise.all([this.#bars(symbol, instrument), this.#ticks(symbol, instrument)]);
    if (symbol !== this.#symbol) return;
    byId('chart-empty').hidden = bars.length > 0;
    this.#chart.show(bars, this.#interval[1], instrument.decimals);
    fillRows(byId('ticks'), ticks.map(t => [
      format.clock(t.time), t.kind,
      t.price !== null ? format.decimal(t.price, instrument.decimals) : `${shortSide(t.bid, instrument)} / ${shortSide(t.ask, instrument)}`,
      t.price !== null ? format.decimal(t.size, 0) : `${shortSize(t.bid_size)} / ${shortSize(t.ask_size)}`,
      t.source,
    ]), ['', '', 'number', 'number', '']);
  }

  async #choose(interval) {
    this.#interval = interval;
    this.#showChoice();
    await this.refresh();
  }

  #showChoice() {
    for (const [interval, button] of this.#buttons) button.setAttribute('aria-pressed', interval === this.#interval);
    setText(byId('chart-title'), `Bars of ${this.#interval[0]}`);
  }

  // Bars end with the instrument's newest event: a market that is played again is not of today.
  #bars(symbol, instrument) {
    const end = format.millisecondsOf(instrument.latest.time);
    const from = new Date(end - BARS * this.#interval[1] * 1000).toISOString();
    return ask(`/v1/bars/${symbolPath(symbol)}?interval=${this.#interval[0]}&from=${from}&limit=${BARS + 2}`);
  }

  // Ticks are told from the oldest on, so they are asked for a little way back, and further if that is too few.
  async #ticks(symbol, instrument) {
    const end = format.millisecondsOf(instrument.latest.time);
    let ticks = [];
    for (let i = Math.max(0, this.#lookBack - 1); i < TICK_LOOK_BACK_S.length; i++) {
      this.#lookBack = i;
      const from = new Date(end - TICK_LOOK_BACK_S[i] * 1000).toISOString();
      ticks = await ask(`/v1/ticks/${symbolPath(symbol)}?from=${from}&limit=5000`);
      if (ticks.length >= TICKS) break;
    }
    return ticks.slice(-TICKS).reverse();
  }

  #showFigures(instrument) {
    const { latest, decimals } = instrument;
    const price = text => format.decimal(text, decimals);
    setText(byId('instrument-last'), price(latest.price));
    byId('instrument-last').dataset.direction = instrument.direction > 0 ? 'up' : instrument.direction < 0 ? 'down' : '';
    setText(byId('instrument-change'), Number.isNaN(instrument.change) ? '' : format.signedPercent(instrument.change));
    byId('instrument-change').dataset.tone = instrument.change > 0 ? 'up' : instrument.change < 0 ? 'down' : '';
    const figures = {
      'Bid': latest.bid === null ? format.NOTHING : `${price(latest.bid)} × ${format.decimal(latest.bid_size, 0)}`,
      'Ask': latest.ask === null ? format.NOTHING : `${price(latest.ask)} × ${format.decimal(latest.ask_size, 0)}`,
      'Open': price(latest.day?.open), 'High': price(latest.day?.high), 'Low': price(latest.day?.low),
      'Volume': format.decimal(latest.day?.volume, 0),
      'Trades': latest.day ? format.whole(latest.day.count) : format.NOTHING,
      'Venue': latest.venue || format.NOTHING,
      'Newest event (UTC)': latest.time.slice(0, 10) + ' ' + format.clock(latest.time),
    };
    const list = byId('instrument-figures');
    for (const [label, value] of Object.entries(figures)) {
      let box = list.querySelector(`[data-label="${label}"]`);
      if (box === null) {
        box = element('div', {}, element('dt', {}, label), element('dd'));
        box.dataset.label = label;
        list.append(box);
      }
      setText(box.lastChild, value);
    }
  }

  async #showDefinition(symbol) {
    try {
      const d = await ask(`/v1/instruments/${symbolPath(symbol)}`);
      const parts = [d.class, d.currency, d.cusip && `CUSIP ${d.cusip}`, d.tick_size !== '0' && `tick ${d.tick_size}`, d.lot_size !== '0' && `lot ${d.lot_size}`, d.calendar];
      if (symbol === this.#symbol) setText(byId('instrument-definition'), parts.filter(Boolean).join(' · '));
    } catch (error) {
      // Most feeds define nothing. Whether the server is there is not for this page to say.
      if (error instanceof Refusal && symbol === this.#symbol) setText(byId('instrument-definition'), 'without a definition');
    }
  }
}

const shortSide = (side, instrument) => side === null || side === 'cleared' ? format.NOTHING : format.decimal(side, instrument.decimals);
const shortSize = size => size === null ? format.NOTHING : format.decimal(size, 0);
