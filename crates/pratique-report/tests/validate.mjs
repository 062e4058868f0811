// Checks CSAF documents with the BSI's validator: schema, mandatory and optional tests of the standard.
//
// usage: node validate.mjs FOLDER-OF-node_modules FILE…     exit code 0: valid, 1: not, 77: the validator is not installed
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, ...files] = process.argv.slice(2)
const library = resolve(join(folder, '@secvisogram/csaf-validator-lib'))
if (!existsSync(library)) {
  console.log(`not installed: @secvisogram/csaf-validator-lib (npm) in ${folder}`)
  process.exit(77)
}
const load = name => import(pathToFileURL(join(library, name)))
const { csaf_2_0_strict } = await load('schemaTests.js')
const mandatory = Object.values(await load('mandatoryTests.js'))
const { default: validate } = await load('validateStrict.js')

let failed = false
for (const file of files) {
  const result = await validate([csaf_2_0_strict, ...mandatory], JSON.parse(readFileSync(file, 'utf8')))
  for (const test of result.tests) {
    for (const error of test.errors.slice(0, 10)) {
      console.log(`${file}: ${test.name}: ${error.instancePath}: ${error.message}`)
      failed = true
    }
  }
}
process.exit(failed ? 1 : 0)
