import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that failed last time first, then quick ones: the first failure ends the run of a mutant, and the file that finds
 * one mutant often finds the next.
 */
export class LikeliestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const last = ({ project, moduleId }: TestSpecification) =>
      this.ctx.cache.getFileTestResults(`${project.name}:${relative(this.ctx.config.root, moduleId)}`);
    return files.toSorted((a, b) => {
      const [lastOfA, lastOfB] = [last(a), last(b)];
      return (
        Number(lastOfB?.failed ?? false) - Number(lastOfA?.failed ?? false) ||
        (lastOfA?.duration ?? 0) - (lastOfB?.duration ?? 0)
      );
    });
  }
}
