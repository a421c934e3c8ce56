import { type Scrape, scrape } from './http-load.ts';
import type { PageFunctions } from './page-process.ts';
import type { Processes, Running } from './processes.ts';
import type { Report } from './report.ts';
import type { Sizes } from './sizes.ts';

interface PageRound extends Scrape {
  /** Longest block of the server's event loop during the scrape, in milliseconds. */
  readonly block: number;
  /** Milliseconds to make the page once more, without HTTP, after as much has changed again. */
  readonly render: number;
}

interface ServedPage {
  readonly server: Running<PageFunctions>;
  readonly port: number;
}

/** The exporter's page beside the same series by prom-client, after nothing, little and all has changed. */
export async function measurePage(processes: Processes, sizes: Sizes['page'], report: Report): Promise<void> {
  const { queries, rounds } = sizes;
  const exporter = await serve(processes.startExposition(), queries);
  const promClient = await serve(processes.startPromClient(), queries);
  await expectSameSeries(exporter.port, promClient.port);

  const cases = [
    { title: 'nothing changed', changed: 0, aim: undefined },
    { title: '1 % of them changed', changed: Math.ceil(queries / 100), aim: { atLeast: 5 } },
    { title: 'all changed', changed: queries, aim: undefined },
  ];
  for (const { title, changed, aim } of cases) {
    for (const gzip of [false, true]) {
      const own: PageRound[] = [];
      const theirs: PageRound[] = [];
      // The first round of each, which has to do what the case before left over, is not counted.
      for (let i = 0; i <= rounds; i += 1) {
        own[i - 1] = await pageRound(exporter, changed, gzip);
        theirs[i - 1] = await pageRound(promClient, changed, gzip);
      }
      const add = report.section(`Scrape of ${queries} queries, ${title} since the last, ${gzip ? 'gzip' : 'plain'}`);
      const compare = (what: string, unit: string, of: (round: PageRound) => number) => {
        add(`${what}: exporter`, unit, own.map(of));
        add(`${what}: prom-client`, unit, theirs.map(of));
      };
      compare('request to last byte', 'ms', ({ ms }) => ms);
      add(
        '… times faster',
        '',
        quotients(theirs, own, ({ ms }) => ms),
        aim,
      );
      compare('event loop blocked', 'ms', ({ block }) => block);
      compare('page made, without HTTP', 'ms', ({ render }) => render);
      add(
        '… times faster',
        '',
        quotients(theirs, own, ({ render }) => render),
        aim,
      );
      compare('bytes', 'MB', ({ bytes }) => bytes / 1e6);
    }
  }
  await exporter.server.stop();
  await promClient.server.stop();
}

/** A page whose code has been used often enough to be compiled. */
async function serve(server: Running<PageFunctions>, queries: number): Promise<ServedPage> {
  const page = { server, port: await server.peer.ask('start', queries) };
  for (const gzip of [false, true, false, true, false, true]) {
    await pageRound(page, queries, gzip);
  }
  return page;
}

async function pageRound({ server: { peer }, port }: ServedPage, changed: number, gzip: boolean): Promise<PageRound> {
  await peer.ask('change', changed);
  await peer.ask('startBlock');
  const scraped = await scrape(port, gzip);
  const block = await peer.ask('stopBlock');
  await peer.ask('change', changed);
  return { ...scraped, block, render: await peer.ask('render', gzip) };
}

/** Of each pair of rounds, prom-client's time by the exporter's. */
function quotients(
  theirs: readonly PageRound[],
  own: readonly PageRound[],
  of: (round: PageRound) => number,
): number[] {
  return theirs.map((round, i) => of(round) / (own[i] === undefined ? Number.NaN : of(own[i])));
}

/** @throws Error unless both pages, plain and compressed, hold the same samples of queries. */
async function expectSameSeries(...ports: readonly number[]): Promise<void> {
  const pages = await Promise.all(
    ports.flatMap((port) => ['identity', 'gzip'].map((encoding) => querySamples(port, encoding))),
  );
  const [first = []] = pages;
  if (first.length === 0) {
    throw new Error('the page holds no samples of queries');
  }
  for (const page of pages) {
    const odd = page.find((sample, i) => sample !== first[i]);
    if (odd !== undefined || page.length !== first.length) {
      throw new Error(`pages differ: ${first.length} samples in one, ${page.length} in another, such as ${odd}`);
    }
  }
}

/** Their lines, sorted. */
async function querySamples(port: number, encoding: string): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { 'Accept-Encoding': encoding } });
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('aws_nfm_query_'))
    .toSorted();
}
