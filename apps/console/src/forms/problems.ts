import type { ValidationIssue } from '@timer-platform/callback-types';
import { ApiProblem } from '../api/api-problem.ts';

/** What is wrong with a form, by the path of the field in the request: `callback.headers.X-Order`. */
export type Problems = readonly ValidationIssue[];

/** A request, and what of the form could not be expressed in it. Send it only without problems. */
export interface FormResult<Request> {
  readonly request: Request;
  readonly problems: Problems;
}

/** Everything that is wrong at a path or below it, as a text; undefined if nothing is. */
export function problemAt(problems: Problems, path: string): string | undefined {
  const texts = problems.flatMap((problem) => {
    if (problem.path === path) return [problem.message];
    return problem.path.startsWith(`${path}.`)
      ? [`${problem.path.slice(path.length + 1)}: ${problem.message}`]
      : [];
  });
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** Puts problems of a part at its path in the whole. */
export function below(path: string, problems: Problems): Problems {
  return problems.map((problem) => ({ ...problem, path: `${path}.${problem.path}` }));
}

/** What an answer of the service says about the fields of the form. */
export function answeredProblems(error: Error | null): Problems {
  if (!(error instanceof ApiProblem)) return [];
  return error.issues.map(({ path, message }) => ({ path: path.replace(/^path\./, ''), message }));
}

/** The problems of a form and those of an answer about it: of each path the first ones. */
export function mergeProblems(first: Problems, second: Problems): Problems {
  return [...first, ...second.filter(({ path }) => !first.some((problem) => problem.path === path))];
}
