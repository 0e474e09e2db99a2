#!/usr/bin/env node
import { demo } from './demo.js';
import { exitStatus } from './errors.js';
import { interruption } from './interruption.js';

const now = () => performance.now() / 1000;
const { signal, stop } = interruption(now, () => process.exit(exitStatus.interrupted));
process.on('SIGINT', stop);
const { stdout, stderr, env: environment } = process;
process.exitCode = await demo(process.argv.slice(2), { stdout, stderr, environment, signal, now });
