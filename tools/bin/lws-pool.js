#!/usr/bin/env node
// Here before anything is built, so that npm can link it in a checkout, too.
import '../dist/cli/main.js';
