import { describe, expect, test } from 'vitest';
import { lazy, nextTurn, Turns } from '../../src/lib/concurrency.ts';

describe('turns', () => {
  test('runs work in order, each in its own turn of the event loop', async () => {
    const turns = new Turns();
    let turn = 0;
    let counting = true;
    const count = () => {
      turn += 1;
      if (counting) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const got: { readonly who: string; readonly turn: number }[] = [];
    const ask = (who: string) =>
      turns.take(async () => {
        got.push({ who, turn });
      });
    await Promise.all(['first', 'second', 'third'].map(ask));
    await ask('later');
    counting = false;

    expect(got.map(({ who }) => who)).toEqual(['first', 'second', 'third', 'later']);
    expect(new Set(got.map((each) => each.turn)).size).toBe(4);
  });

  test('waits for the end of work, and returns its result or failure', async () => {
    const turns = new Turns();
    const told: string[] = [];
    const long = async (who: string) => {
      told.push(`${who} begins`);
      await nextTurn();
      await nextTurn();
      told.push(`${who} ends`);
      if (who === 'second') {
        throw new Error(who);
      }
      return who;
    };
    const results = await Promise.allSettled(['first', 'second', 'third'].map((who) => turns.take(() => long(who))));

    expect(told).toEqual(['first', 'second', 'third'].flatMap((who) => [`${who} begins`, `${who} ends`]));
    expect(results).toEqual([
      { status: 'fulfilled', value: 'first' },
      { status: 'rejected', reason: new Error('second') },
      { status: 'fulfilled', value: 'third' },
    ]);
  });
});

test('loads lazily once, and again after a failure', async () => {
  let loads = 0;
  const load = lazy(async () => {
    loads += 1;
    if (loads === 1) {
      throw new Error('too many open files');
    }
    return loads;
  });
  const first = await Promise.allSettled([load(), load()]);
  expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([await load(), await load(), loads]).toEqual([2, 2, 2]);
});
