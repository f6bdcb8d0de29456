/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* The browser that the tests drive: playwright-core, from the folder that MUNNEL_PAGE_MODULES names, with the system's Chromium. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const modules = process.env.MUNNEL_PAGE_MODULES;
const require = createRequire(join(modules, 'page.cjs'));
const { chromium } = require('playwright-core');

export const axeSource = () => readFileSync(join(modules, 'axe-core', 'axe.min.js'), 'utf8');

/* No sandbox of its own: a container's root may not make one, and it opens nothing but the page. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
