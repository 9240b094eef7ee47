// Small lines without axes.

import { colour } from './dom.js';

/** Draws values over the width of a canvas, newest at the right. */
export function drawSparkline(canvas, values, tone) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0) return;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  if (values.length < 2) return;
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? (height - 4) / (high - low) : 0;
  const step = (width - 3) / (values.length - 1);
  context.beginPath();
  values.forEach((value, i) => {
    const y = scale === 0 ? height / 2 : height - 2 - (value - low) * scale;
    if (i === 0) context.moveTo(1, y); else context.lineTo(1 + i * step, y);
  });
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  context.strokeStyle = tones[tone];
  context.stroke();
}

const tones = {};
function readTones() {
  for (const tone of ['up', 'down', 'accent', 'muted']) tones[tone] = colour('--' + tone);
}

readTones();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', readTones);

/** Up, down or neither, from the first value to the last. */
export const toneOf = values => values.length < 2 || values.at(-1) === values[0] ? 'muted' : values.at(-1) > values[0] ? 'up' : 'down';
