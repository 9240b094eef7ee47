// Talks to the server: asks once a second how it is, and brings the market's changes as they come.

const ASK_EVERY_MS = 1000;
const PATIENCE_MS = 4000;
const PAGE = 1000;
const STREAM_INTERVAL_MS = 250;
const KEY = 'grid-key';

let takeKey = () => {};

/** Uses a key from now on, until this tab is closed or the server does not take it. */
export function giveKey(key) {
  sessionStorage.setItem(KEY, key);
  takeKey();
}

// An EventSource could not bring a key, and an address must not: addresses end up in logs.
function headers(accept) {
  const key = sessionStorage.getItem(KEY);
  return key === null ? { accept } : { accept, authorization: `Bearer ${key}` };
}

export const symbolPath = symbol => encodeURIComponent(symbol);

/** The answer to a question; throws if there is none or if it is refused. */
export async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), headers: headers('application/json') });
  if (!response.ok) throw new Refusal(response.status, path);
  return response.json();
}

export class Refusal extends Error {
  constructor(status, path) {
    super(`${path}: ${status}`);
    this.status = status;
  }

  /** True if another key may be let in. */
  get isForKey() { return this.status === 401 || this.status === 403; }
}

/** The events of a stream of server-sent events. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (text + value).split('\n\n');
    text = whole.pop();
    for (const event of whole) {
      const lines = event.split('\n');
      const field = name => lines.find(line => line.startsWith(name))?.slice(name.length);
      yield { type: field('event: '), data: field('data: ') };
    }
  }
}

/** Everything of the market: first as it is, then as it changes, again from the start when the server was away. */
export class Market {
  #instruments;
  #stream = null;
  #streamed = new Set();
  #isBroken = false;

  constructor(instruments) { this.#instruments = instruments; }

  /** To be called when the server answers for the first time, and again each time it has come back. */
  async begin() {
    this.end();
    this.#streamed.clear();
    this.#follow(this.#stream = new AbortController());
    await this.#load(latest => { if (!this.#streamed.has(latest.instrument)) this.#instruments.take(latest); });
  }

  end() {
    this.#stream?.abort();
    this.#stream = null;
  }

  /** A stream that broke or was refused is asked for again, and everything loaded anew. */
  async poll() {
    if (this.#isBroken && !document.hidden) await this.begin();
  }

  async #follow(stream) {
    this.#isBroken = false;
    try {
      const path = `/v1/stream?patterns=*&kinds=latest&interval=${STREAM_INTERVAL_MS}`;
      const response = await fetch(path, { signal: stream.signal, headers: headers('text/event-stream') });
      if (!response.ok) throw new Refusal(response.status, path);
      for await (const event of eventsOf(response.body)) {
        if (event.type !== 'latest') continue;
        const latest = JSON.parse(event.data);
        this.#streamed.add(latest.instrument);
        this.#instruments.take(latest);
      }
    } catch {
      // It broke, was refused, or was ended here.
    }
    if (this.#stream === stream) this.#isBroken = true;
  }

  async #load(take) {
    for (let after = ''; ;) {
      const rows = await ask(`/v1/latest?pattern=*&limit=${PAGE}` + (after ? `&after=${encodeURIComponent(after)}` : ''));
      rows.forEach(take);
      if (rows.length < PAGE) return;
      after = rows[rows.length - 1].instrument;
    }
  }
}

/** Asks for the status once a second, and tells when the server goes away and comes back. Refused for want of a key, it waits for one. */
export class Heartbeat {
  #callbacks;

  /** @param callbacks status(status) each second; back() when it answers after it did not; away(error) when it does not; locked(error, hadKey) when it wants a key. */
  constructor(callbacks) { this.#callbacks = callbacks; }

  async run() {
    for (let isThere = false; ;) {
      let next = new Promise(done => setTimeout(done, ASK_EVERY_MS));
      try {
        const status = await ask('/v1/status');
        if (!isThere) await this.#callbacks.back(status);
        isThere = true;
        await this.#callbacks.status(status);
      } catch (error) {
        isThere = false;
        if (error instanceof Refusal && error.isForKey) {
          next = new Promise(done => { takeKey = done; });
          this.#callbacks.locked(error, sessionStorage.getItem(KEY) !== null);
          sessionStorage.removeItem(KEY);
        } else {
          this.#callbacks.away(error);
        }
      }
      await next;
    }
  }
}
