// The works of bench/yardstick.c with node's tls: subject_node.js WORK AMOUNT [PARAMETER] [flow].
// Prints what bench/subject.lua prints.
'use strict'
const net = require('net')
const tls = require('tls')

const MIB = 1 << 20
const PORT = Number(process.env.BENCH_PORT)
const SOURCE = process.argv[process.argv.length - 1] === 'flow' ? 'flow' : 'source'

// Node calls back for a write that has failed, too. A run that did not do its work has no result.
function fail(error) {
  console.error(error.message)
  process.exit(1)
}

function shake(command, then) {
  const sock = net.connect(PORT, '127.0.0.1', () => {
    sock.setNoDelay(true)
    sock.write(command + '\n', () => {
      const conn = tls.connect({ socket: sock, rejectUnauthorized: false,
        minVersion: 'TLSv1.3' }, () => then(conn))
      conn.on('error', fail)
    })
  })
}

function begin() {
  return { usage: process.cpuUsage(), time: process.hrtime.bigint() }
}

function report(units, start) {
  const { user, system } = process.cpuUsage(start.usage)
  const passed = Number(process.hrtime.bigint() - start.time) / 1e9
  console.log(units, ((user + system) / 1e6).toFixed(9), passed.toFixed(9))
  process.exit(0)
}

const work = {}

work.send = (amount) => shake('sink', (conn) => {
  const data = Buffer.alloc(MIB, 'x')
  let left = amount + 8
  let start
  const next = (error) => {
    if (error) return fail(error)
    if (left === amount) start = begin()
    if (left-- === 0) return report(amount, start)
    conn.write(data, next)
  }
  next()
})

work.receive = (amount) =>
  shake(`${SOURCE} ${(amount + 32) * MIB} 16384 0`, (conn) => {
    let have = -6
    let start
    conn.on('data', (data) => {
      if (have < 0) conn.write('go\n')
      have += data.length
      if (!start && have >= 32 * MIB) start = begin()
      if (have === (amount + 32) * MIB) report(amount, start)
    })
  })

work.pingpong = (amount) => shake('echo', (conn) => {
  const message = 'p'.repeat(63) + '\n'
  let left = amount + 200
  let have = 0
  let start
  conn.on('data', (data) => {
    have += data.length
    if (have < message.length) return
    have = 0
    if (left === amount) start = begin()
    if (left-- === 0) return report(amount, start)
    conn.write(message)
  })
  conn.write(message)
})

const [name, amount, parameter] = process.argv.slice(2)
work[name](Number(amount), Number(parameter))
