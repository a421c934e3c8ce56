import { describe, expect, it } from 'vitest';
import { RunSlots } from '../../src/scheduler/run-slots.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;

/** Slots for which 20 runs wait. */
function filled(limit: number) {
  const clock = new FakeClock();
  const slots = new RunSlots<number>(limit, clock);
  for (let i = 0; i < 20; i += 1) {
    slots.enqueue(i);
  }
  const admit = () => {
    let admitted = 0;
    while (slots.admit() !== undefined) {
      admitted += 1;
    }
    return admitted;
  };
  const refuse = () => {
    slots.refused(slots.admit() ?? 100);
    slots.release();
  };
  return { clock, slots, admit, refuse };
}

describe('a concurrent-run limit', () => {
  it('applies immediately if it is raised, and to later runs if it is reduced', () => {
    const { slots, admit } = filled(3);
    expect(admit()).toBe(3);
    slots.limit.setMax(5);
    expect(admit()).toBe(2);
    slots.limit.setMax(4);
    expect(slots.occupancy).toEqual({ active: 5, waiting: 15, limit: 4 });
    slots.release();
    expect(admit()).toBe(0);
    slots.release();
    expect(admit()).toBe(1);
  });

  it('stays reduced by a quota error if it is changed, and recovers by one run per minute', async () => {
    const { clock, slots, admit, refuse } = filled(5);
    admit();
    refuse();
    expect(slots.occupancy.limit).toBe(4);
    slots.limit.setMax(8);
    expect(slots.occupancy.limit).toBe(4);
    await clock.advance(2 * MINUTE);
    expect(slots.occupancy.limit).toBe(6);
    slots.limit.setMax(3);
    expect(slots.occupancy.limit).toBe(3);
    await clock.advance(10 * MINUTE);
    expect(slots.occupancy.limit).toBe(3);
  });

  it('continues to recover if it is set to the same number', async () => {
    const { clock, slots, admit, refuse } = filled(5);
    admit();
    refuse();
    await clock.advance(MINUTE / 2);
    slots.limit.setMax(5);
    await clock.advance(MINUTE / 2);
    expect(slots.occupancy.limit).toBe(5);
  });

  it('is never reduced below one, and pauses starts for ten seconds after a quota error', async () => {
    const { clock, slots, admit, refuse } = filled(1);
    admit();
    refuse();
    expect(slots.occupancy).toMatchObject({ active: 0, limit: 1 });
    expect(admit()).toBe(0);
    await clock.advance(9_999);
    expect(admit()).toBe(0);
    await clock.advance(1);
    expect(admit()).toBe(1);
  });
});
