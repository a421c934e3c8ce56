import { describe, expect, test } from 'vitest';
import { Turns } from '../../src/runtime/turns.ts';

describe('turns', () => {
  test('go to those who ask in order, each in a turn of the event loop of its own', async () => {
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
    const ask = async (who: string) => {
      await turns.next();
      got.push({ who, turn });
    };
    await Promise.all(['first', 'second', 'third'].map(ask));
    await ask('later');
    counting = false;

    expect(got.map(({ who }) => who)).toEqual(['first', 'second', 'third', 'later']);
    expect(new Set(got.map((each) => each.turn)).size).toBe(4);
  });
});
