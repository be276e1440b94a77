// SPDX-License-Identifier: GPL-2.0-only
// duckdb.mjs MODULES FOLDER: what DuckDB finds in the Parquet files of a folder, for
// parquet.py.
import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'

const [modules, folder] = process.argv.slice(2)
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api')
const connection = await (await DuckDBInstance.create(':memory:')).connect()
for (const name of readdirSync(folder)) {
  const reader = await connection.runAndReadAll(`SELECT * FROM '${folder}/${name}'`)
  console.log(JSON.stringify([name, reader.getRowObjectsJson()]))
}
