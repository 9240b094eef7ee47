// Talks to the server: asks once a second how it is, and brings the market's changes as they come.

const ASK_EVERY_MS = 1000;
const PATIENCE_MS = 4000;
const PAGE = 1000;
const STREAM_INTERVAL_MS = 250;

export const symbolPath = symbol => encodeURIComponent(symbol);

/** The answer to a question; throws if there is none or if it is refused. */
export async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), headers: { accept: 'application/json' } });
  if (!response.ok) throw new Refusal(response.status, path);
  return response.json();
}

export class Refusal extends Error {
  constructor(status, path) {
    super(`${path}: ${status}`);
    this.status = status;
  }
}

/** Everything of the market: first as it is, then as it changes, again from the start when the server was away. */
export class Market {
  #instruments;
  #stream = null;
  #streamed = new Set();
  #isPolling = false;

  constructor(instruments) { this.#instruments = instruments; }

  /** To be called when the server answers for the first time, and again each time it has come back. */
  async begin() {
    this.end();
    this.#streamed.clear();
    this.#open();
    await this.#load(latest => { if (!this.#streamed.has(latest.instrument)) this.#instruments.take(latest); });
  }

  end() {
    this.#stream?.close();
    this.#stream = null;
  }

  /** A server without a stream is asked again and again. */
  async poll() {
    if (!this.#isPolling || document.hidden) return;
    await this.#load(latest => this.#instruments.take(latest));
  }

  #open() {
    const stream = this.#stream = new EventSource(`/v1/stream?patterns=*&kinds=latest&interval=${STREAM_INTERVAL_MS}`);
    stream.addEventListener('latest', message => {
      const latest = JSON.parse(message.data);
      this.#streamed.add(latest.instrument);
      this.#instruments.take(latest);
    });
    stream.addEventListener('open', () => { this.#isPolling = false; });
    stream.addEventListener('error', () => {
      // A stream that broke is opened again by the browser. One that was refused is not.
      if (stream.readyState === EventSource.CLOSED) this.#isPolling = true;
    });
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

/** Asks for the status once a second, and tells when the server goes away and comes back. */
export class Heartbeat {
  #callbacks;

  /** @param callbacks status(status) each second; back() when it answers after it did not; away(error) when it does not. */
  constructor(callbacks) { this.#callbacks = callbacks; }

  async run() {
    for (let isThere = false; ; await new Promise(done => setTimeout(done, ASK_EVERY_MS))) {
      try {
        const status = await ask('/v1/status');
        if (!isThere) await this.#callbacks.back(status);
        isThere = true;
        await this.#callbacks.status(status);
      } catch (error) {
        isThere = false;
        this.#callbacks.away(error);
      }
    }
  }
}
