// Bars as candles with their volume below, drawn by uPlot.

import { colour } from './dom.js';
import * as format from './format.js';

const VOLUME_SHARE = 0.22;

export class BarChart {
  #place; #reading; #span;
  #plot = null;
  #data = [[], [], [], [], [], []];
  #bars = [];
  #intervalSeconds = 60;
  #end = 0;                // start of the newest bar, in seconds since 1970
  #decimals = 2;

  constructor(place, reading, bars) {
    this.#place = place;
    this.#span = bars;
    this.#reading = reading;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
  }

  /** Shows other bars; the marked one stays marked. */
  show(bars, intervalSeconds, decimals) {
    const priced = bars.filter(bar => bar.close !== null);
    const column = key => priced.map(bar => Number(bar[key]));
    this.#bars = priced;
    this.#end = priced.length > 0 ? format.millisecondsOf(priced.at(-1).time) / 1000 : 0;
    this.#data = [priced.map(bar => format.millisecondsOf(bar.time) / 1000), column('open'), column('high'), column('low'), column('close'), column('volume')];
    const mustRebuild = this.#plot === null || this.#intervalSeconds !== intervalSeconds || this.#decimals !== decimals;
    [this.#intervalSeconds, this.#decimals] = [intervalSeconds, decimals];
    if (mustRebuild) this.#rebuild(); else this.#plot.setData(this.#data);
    this.#read(this.#plot?.cursor.idx);
  }

  clear() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#bars = [];
    this.#reading.textContent = '';
  }

  #size = () => ({ width: Math.max(200, this.#place.clientWidth), height: Math.max(180, this.#place.clientHeight) });

  #rebuild() {
    this.#plot?.destroy();
    this.#place.replaceChildren();
    if (this.#data[0].length === 0 && this.#plot === null) return;
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    const hidden = { paths: () => null, points: { show: false } };
    this.#plot = new uPlot({
      ...this.#size(),
      tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      legend: { show: false },
      cursor: { points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { range: () => [this.#end - this.#span * this.#intervalSeconds, this.#end + this.#intervalSeconds] },
        y: { range: (_, min, max) => withRoom(min, max) },
        volume: { range: (_, __, max) => [0, Math.max(max, 1) / VOLUME_SHARE] },
      },
      axes: [
        { ...axis, values: this.#intervalSeconds < 60 ? '{HH}:{mm}:{ss}' : this.#intervalSeconds < 3600 ? '{HH}:{mm}' : '{D} {MMM}\n{HH}:{mm}' },
        { ...axis, side: 1, size: 64, values: (_, ticks) => ticks.map(t => t.toLocaleString('en', { maximumFractionDigits: 9 })) },
      ],
      series: [
        {},
        hidden, { ...hidden }, { ...hidden }, { ...hidden },
        { scale: 'volume', fill: colour('--volume'), stroke: 'transparent', width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 16] }) },
      ],
      hooks: { draw: [plot => this.#drawCandles(plot)], setCursor: [plot => this.#read(plot.cursor.idx)] },
    }, this.#data, this.#place);
  }

  #drawCandles(plot) {
    const [times, opens, highs, lows, closes] = plot.data;
    const { ctx: context } = plot;
    const spacing = plot.valToPos(times[0] + this.#intervalSeconds, 'x', true) - plot.valToPos(times[0], 'x', true);
    const width = Math.max(1, Math.min(Math.round(spacing * 0.7), 16 * devicePixelRatio));
    const tones = { up: colour('--up'), down: colour('--down') };
    context.save();
    context.beginPath();
    context.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    context.clip();
    context.lineWidth = Math.max(1, Math.round(devicePixelRatio));
    for (let i = 0; i < times.length; i++) {
      const x = Math.round(plot.valToPos(times[i], 'x', true));
      const [open, high, low, close] = [opens[i], highs[i], lows[i], closes[i]].map(v => Math.round(plot.valToPos(v, 'y', true)));
      context.fillStyle = context.strokeStyle = closes[i] >= opens[i] ? tones.up : tones.down;
      context.fillRect(x - Math.floor(context.lineWidth / 2), high, context.lineWidth, Math.max(1, low - high));
      context.fillRect(x - Math.floor(width / 2), Math.min(open, close), width, Math.max(1, Math.abs(open - close)));
    }
    context.restore();
  }

  #read(index) {
    const bar = this.#bars[index ?? this.#bars.length - 1];
    if (bar === undefined) return;
    const price = key => format.decimal(bar[key], this.#decimals);
    this.#reading.textContent = `${bar.time.slice(11, 19)} UTC  O ${price('open')}  H ${price('high')}  L ${price('low')}  C ${price('close')}  Vol ${format.decimal(bar.volume, 0)}`;
  }
}

function withRoom(min, max) {
  const height = Math.max(max - min, Math.abs(max) * 1e-4, 1e-9);
  return [min - height * (VOLUME_SHARE + 0.08), max + height * 0.08];
}
