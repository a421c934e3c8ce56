import type { ChildProcess } from 'node:child_process';

/** The functions of a process of the bench that its parent can call. Arguments and results are structured clones. */
export type Functions = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** Executes calls of the parent process. `orphaned` is called when the parent has exited. */
export function answerParent(functions: Functions, orphaned: () => void): void {
  process.on('message', (message) => {
    const { id, name, argument } = message as Question; // the parent sends nothing else
    answer(functions, name, argument).then(
      (value) => reply({ id, value }),
      (error: unknown) => reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', orphaned);
}

async function answer(functions: Functions, name: string, argument: unknown): Promise<unknown> {
  const asked = functions[name];
  if (asked === undefined) {
    throw new Error(`this process has no function ${name}`);
  }
  return asked(argument as never); // `Peer` has checked the type of the argument
}

function reply(message: Reply): void {
  process.send?.(message);
}

/** The functions of a child process, seen from its parent. */
export class Peer<F extends Functions> {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #asked = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const answered = message as Reply; // the child sends nothing else
      const open = this.#open.get(answered.id);
      this.#open.delete(answered.id);
      if ('error' in answered) {
        open?.reject(new Error(answered.error));
      } else {
        open?.resolve(answered.value);
      }
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#open.values()) {
        reject(new Error(`the process has ended with ${signal ?? code}`));
      }
    });
  }

  /** @throws Error with what the function threw, or when the process ends. */
  ask<Name extends string & keyof F>(
    name: Name,
    ...[argument]: Parameters<F[Name]>
  ): Promise<Awaited<ReturnType<F[Name]>>> {
    this.#asked += 1;
    const question: Question = { id: this.#asked, name, argument };
    return new Promise((resolve, reject) => {
      this.#open.set(question.id, {
        resolve: (value) => resolve(value as Awaited<ReturnType<F[Name]>>), // what that function returned
        reject,
      });
      this.#child.send(question, (error) => error && reject(error));
    });
  }
}
