/** Every committed picture of the cases, drawn again. */
import { test } from 'vitest';
import { scenes } from '../../enclosure/pictures/scenes.ts';
import { expectDrawn, expectWhole } from './fixtures/pictures.ts';

test.each(Object.entries(scenes))('has the right size and carries the same small: %s', expectWhole);

test.each(Object.entries(scenes))('is what the code draws: %s', expectDrawn);
