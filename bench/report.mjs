#!/usr/bin/env node
import { main } from './lib/report-main.mjs';

process.exitCode = await main(process.argv.slice(2));
