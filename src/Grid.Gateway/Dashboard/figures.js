// The strip of figures on top, and what quality there is beside the table.

import { byId, element, fillRows, setText } from './dom.js';
import * as format from './format.js';
import { ask, Refusal } from './server.js';
import { drawSparkline } from './sparkline.js';

const RATES = 60;
const ROWS = 50;

export class Figures {
  #list = byId('figures');
  #shown = new Map();
  #before = null;
  #rates = [];

  show(status) {
    const now = performance.now();
    const seconds = this.#before ? (now - this.#before.at) / 1000 : 0;
    const perSecond = key => seconds > 0 ? Math.max(0, status[key] - this.#before.status[key]) / seconds : 0;
    const rate = perSecond('events_received');
    if (seconds > 0) {
      this.#rates.push(rate);
      if (this.#rates.length > RATES) this.#rates.shift();
    }
    const canvas = this.#set('Events/s', format.short(Math.round(rate)), `${format.short(status.events_received)} in all`, { canvas: true });
    drawSparkline(canvas, this.#rates, 'accent');
    this.#latency('Receive to visible', status.latency_ms?.visible);
    this.#latency('Receive to acknowledged', status.latency_ms?.acknowledged);
    this.#latency('Journal flush', status.latency_ms?.flush);
    const queue = this.#set('Queue', `${format.whole(status.batches_queued)} / ${format.whole(status.batches_queued_max)}`, 'waiting', { meter: true });
    [queue.value, queue.max] = [status.batches_queued, status.batches_queued_max];
    this.#set('Unflushed', format.whole(status.journal_frame - status.journal_frame_flushed), 'journal frames');
    this.#set('Journal', format.bytes(perSecond('journal_bytes')) + '/s', `${format.short(Math.round(perSecond('journal_flushes')))} flushes/s`);
    this.#set('Hot store', format.bytes(status.hot_store_bytes), 'on disk');
    this.#set('Feeds', format.whole(status.feeds), 'connected');
    this.#set('Open gaps', format.whole(status.open_gaps), 'in sequences', { isAlarming: status.open_gaps > 0 });
    this.#set('Quarantined', format.short(status.quarantined), 'events', { isAlarming: status.quarantined > 0 });
    setText(byId('uptime'), `up ${format.duration((Date.now() - Date.parse(status.started)) / 1000)}`);
    this.#before = { status, at: now };
  }

  /** Rates begin anew: what happened meanwhile is not of one second. */
  restart() { this.#before = null; }

  #latency(label, latency) {
    if (!latency) return;
    const ms = format.milliseconds;
    if (latency.count === 0) this.#set(label, format.NOTHING, 'none in the last minute', { className: 'wide-figure' });
    else this.#set(label, `${ms(latency.p99)} ms`, `p99 · p50 ${ms(latency.p50)} · p95 ${ms(latency.p95)}`, { className: 'wide-figure' });
  }

  #set(label, value, note, { canvas, meter, isAlarming, className } = {}) {
    let figure = this.#shown.get(label);
    if (figure === undefined) {
      const extra = canvas ? element('canvas', { ariaHidden: 'true' }) : meter ? element('meter', { ariaLabel: label }) : null;
      figure = { value: element('dd', { className: 'value' }), note: element('dd', { className: 'note' }), extra };
      figure.box = element('div', { className: className ?? '' }, element('dt', {}, label), figure.value, ...(extra ? [element('dd', { className: 'extra' }, extra)] : []), figure.note);
      this.#shown.set(label, figure);
      this.#list.append(figure.box);
    }
    setText(figure.value, value);
    setText(figure.note, note);
    figure.box.classList.toggle('alarming', isAlarming === true);
    return figure.extra;
  }
}

export class Quality {
  #hasProducers = true;

  async show(status) {
    this.#outcomes(status.outcomes);
    await Promise.all([this.#gaps(status), this.#quarantine(status), this.#producers()]);
  }

  #outcomes({ accepted, flagged, duplicate, rejected, reasons }) {
    const all = accepted + flagged + duplicate + rejected;
    const rows = [];
    for (const [name, count] of Object.entries({ accepted, flagged, duplicate, rejected })) {
      rows.push([capital(name), format.whole(count), format.shareOf(count, all)]);
      for (const { reason, count: part } of reasons.filter(r => r.outcome === name).sort((a, b) => b.count - a.count)) {
        rows.push([element('span', { className: 'detail' }, words(reason)), format.whole(part), format.shareOf(part, all)]);
      }
    }
    fillRows(byId('outcomes'), rows, ['', 'number', 'number']);
  }

  async #gaps(status) {
    const gaps = status.open_gaps > 0 ? await ask(`/v1/gaps?limit=${ROWS}`) : [];
    setText(byId('gaps-note'), noteOf(gaps.length, status.open_gaps, 'none'));
    fillRows(byId('gaps'), gaps.map(g => [
      g.source, g.channel || format.NOTHING, String(g.session),
      g.first_missing === g.last_missing ? String(g.first_missing) : `${g.first_missing}–${g.last_missing}`,
    ]), ['', '', '', 'number']);
  }

  // Ids grow by one, so the newest are found by the first and the number of them.
  async #quarantine(status) {
    let held = [];
    if (status.quarantined > 0) {
      const [first] = await ask('/v1/quarantine?limit=1');
      held = first ? await ask(`/v1/quarantine?limit=${2 * ROWS}&after=${Math.max(0, first.id - 1 + status.quarantined - ROWS)}`) : [];
    }
    const newest = held.reverse().slice(0, ROWS);
    setText(byId('quarantine-note'), noteOf(newest.length, status.quarantined, 'empty', 'newest '));
    fillRows(byId('quarantine'), newest.map(q => [q.instrument, words(q.reason ?? q.outcome), describe(q), format.clock(q.time)]), ['symbol', '', '', '']);
  }

  async #producers() {
    if (!this.#hasProducers) return;
    try {
      const producers = await ask('/v1/producers');
      byId('producers-panel').hidden = false;
      setText(byId('producers-note'), noteOf(Math.min(ROWS, producers.length), producers.length, 'none'));
      producers.sort((a, b) => b.connected - a.connected || b.lag - a.lag);
      fillRows(byId('producers'), producers.slice(0, ROWS).map(producerRow), ['symbol', '', 'number', 'number']);
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error;
      this.#hasProducers = false;
    }
  }
}

const producerRow = p => [p.name, p.connected ? 'connected' : 'away', format.whole(p.last_batch), format.whole(p.lag)];

const noteOf = (shown, all, none, order = 'first ') => all === 0 ? none : shown < all ? `${order}${format.whole(shown)} of ${format.whole(all)}` : format.whole(all);

const describe = q => q.price !== null ? `${q.kind === 'trade' ? '' : q.kind + ' '}${q.price} × ${q.size}` : `${q.kind} ${q.bid ?? format.NOTHING} / ${q.ask ?? format.NOTHING}`;

const capital = word => word[0].toUpperCase() + word.slice(1);

/** PriceBand becomes Price band. */
const words = name => capital(name.replace(/(?<=[a-z])[A-Z]/g, letter => ' ' + letter.toLowerCase()));
