import preset from '../../jest.preset.mjs';

// The installed peers hold a copy of peers/package.json, which Jest would report as a duplicate.
export default { ...preset, displayName: 'bench', modulePathIgnorePatterns: ['<rootDir>/.peers/'] };
