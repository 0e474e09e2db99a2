#!/usr/bin/env node
import { runProcess } from './process.js';
import { verbs } from './verbs.js';

await runProcess(verbs);
