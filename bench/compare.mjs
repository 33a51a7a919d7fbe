#!/usr/bin/env node
import { main } from './lib/compare/main.mjs';

process.exitCode = await main(process.argv.slice(2));
