#!/usr/bin/env node
// Committed, unlike dist/main.js: npm links a program only if its file exists when it installs.
import './dist/main.js';
