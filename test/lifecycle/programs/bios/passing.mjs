// Passes everything on.
import { defineBio } from 'lws-pool';

export default defineBio({});
