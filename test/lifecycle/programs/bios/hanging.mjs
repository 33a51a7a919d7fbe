// A BIO that does not return while the file that HANG names is there. It says that it hangs by
// another file beside that.
import { existsSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { defineBio } from 'lws-pool';

const flag = String(process.env.HANG);

export default defineBio({
  read(link, into) {
    const count = link.read(into);
    if (existsSync(flag)) writeFileSync(`${flag}.hangs`, '');
    while (existsSync(flag));
    return count;
  },
});
