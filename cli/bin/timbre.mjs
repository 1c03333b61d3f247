#!/usr/bin/env node
// Committed, so that it can be linked before the first build.
import '../dist/main.js';
