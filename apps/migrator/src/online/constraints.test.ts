import { expect, test } from '@jest/globals';
import { nextConstraintStep } from './constraints.ts';

test('the steps lead from any state to both constraints without the helper', () => {
  const states = [null, false, true] as const;
  for (const typeChecked of states) {
    for (const helper of states) {
      for (const required of [false, true]) {
        const found = { type_checked: typeChecked, helper, required };
        const seen: string[] = [];
        for (let step = nextConstraintStep(found); step !== undefined; step = nextConstraintStep(found)) {
          seen.push(step);
          apply(found, step);
          expect(seen.length).toBeLessThan(8);
        }
        expect(found).toEqual({ type_checked: true, helper: null, required: true });
        // Without the proof of the helper, SET NOT NULL would read the table under its lock.
        const setAt = seen.findIndex((step) => step.includes('SET NOT NULL'));
        if (setAt >= 0) expect(seen.slice(setAt + 1).join()).toContain('DROP CONSTRAINT');
      }
    }
  }
});

/** Applies a step to the state as PostgreSQL would. */
function apply(
  found: { type_checked: boolean | null; helper: boolean | null; required: boolean },
  step: string,
): void {
  const isHelper = step.includes('timers_online_config_present');
  if (step.includes('SET NOT NULL')) {
    expect(found.helper).toBe(true);
    found.required = true;
  } else if (step.includes('DROP CONSTRAINT')) {
    expect(found.required).toBe(true);
    found.helper = null;
  } else if (isHelper) found.helper = step.includes('VALIDATE');
  else found.type_checked = step.includes('VALIDATE');
}
