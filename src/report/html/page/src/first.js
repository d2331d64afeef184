// Runs before anything is drawn, so that a page that is to be dark never flashes white.
import { apply, chosen } from './theme.js';

if (chosen() !== 'system') apply(chosen());
