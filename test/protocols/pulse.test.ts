import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  awoken,
  heard,
  HEARTBEAT_MS,
  MAX_UNANSWERED,
  newPulse,
  SILENT_MS,
  slept,
  tick,
  TICK_MS,
  type Pulse
} from '../../src/protocols/capability/pulse.ts'

describe('a pulse', () => {
  it('beats at once, and then every two seconds', () => {
    let pulse = newPulse(0)
    const beats: number[] = []
    for (let now = 0; now <= 6000; now += TICK_MS) {
      const ticked = tick(pulse, now)
      if (ticked.beat !== null) beats.push(now)
      pulse = heard(ticked.pulse, ticked.beat ?? undefined, now).pulse
    }
    assert.deepEqual(beats, [0, 2000, 4000, 6000])
  })

  it('measures the round trip by our own clock', () => {
    const { pulse, beat } = tick(newPulse(100), 100)
    assert.equal(heard(pulse, beat!, 142.5).roundTripMs, 42.5)
  })

  it('does not take a silence for a round trip, neither the other one’s nor our own', () => {
    let pulse = newPulse(0)
    for (let now = 0; now <= 6000; now += TICK_MS) pulse = tick(pulse, now).pulse
    const woken = heard(pulse, 1, 60_000)
    assert.equal(woken.roundTripMs, null)
    assert.equal(heard(woken.pulse, 2, 60_001).roundTripMs, null)
    const next = tick(woken.pulse, 60_100)
    assert.equal(heard(next.pulse, next.beat!, 60_105).roundTripMs, 5)
    const slept = awoken(tick(newPulse(0), 0).pulse, 60_000)
    assert.equal(heard(slept, 1, 60_010).roundTripMs, null)
  })

  it('takes an echo as the answer to all beats before it, and an invented one for none', () => {
    let pulse = newPulse(0)
    for (const now of [0, 2000, 4000]) pulse = tick(pulse, now).pulse
    assert.equal(heard(pulse, 99, 4100).roundTripMs, null)
    assert.equal(heard(pulse, 99, 4100).pulse.unanswered.length, 3)
    const answered = heard(pulse, 2, 4100)
    assert.equal(answered.roundTripMs, 2100)
    assert.deepEqual(
      answered.pulse.unanswered.map(({ beat }) => beat),
      [3]
    )
    assert.equal(heard(answered.pulse, 2, 4200).roundTripMs, null)
  })

  it('notices a silent cut within six seconds, whenever it comes, and says so once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: TICK_MS - 1 }), (cutAt, offset) => {
        let pulse = newPulse(0)
        const noticed: number[] = []
        for (let now = offset; now < cutAt + 10_000; now += TICK_MS) {
          const ticked = tick(pulse, now)
          pulse = ticked.pulse
          if (ticked.fellSilent) noticed.push(now)
          // The other one beats at the even seconds until the cut.
          if (now < cutAt && now % HEARTBEAT_MS < TICK_MS) pulse = heard(pulse, ticked.beat ?? undefined, now).pulse
        }
        assert.equal(noticed.length, 1)
        assert.ok(noticed[0]! - cutAt <= 6000)
      }),
      { seed: 1, numRuns: 500 }
    )
  })

  it('never calls a peer silent that beats every two seconds, jitter included', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 20, maxLength: 50 }), (jitters) => {
        const beats = jitters.map((jitter, index) => index * HEARTBEAT_MS + 1000 + jitter)
        let pulse = newPulse(0)
        for (let now = 0; now < jitters.length * HEARTBEAT_MS; now += TICK_MS) {
          for (const at of beats) if (at > now - TICK_MS && at <= now) pulse = heard(pulse, undefined, at).pulse
          const ticked = tick(pulse, now)
          pulse = ticked.pulse
          assert.equal(ticked.fellSilent, false)
        }
      }),
      { seed: 2, numRuns: 200 }
    )
  })

  it('does not pile up beats for a suspended peer, and goes on when it is back', () => {
    let pulse = newPulse(0)
    let sent = 0
    const pass = (from: number, to: number) => {
      for (let now = from; now < to; now += TICK_MS) {
        const ticked = tick(pulse, now)
        pulse = ticked.pulse
        if (ticked.beat !== null) sent++
      }
    }
    pass(0, 3_600_000)
    assert.equal(sent, MAX_UNANSWERED)
    assert.equal(pulse.silent, true)
    const back = heard(pulse, MAX_UNANSWERED, 3_600_000)
    assert.equal(back.pulse.silent, false)
    pulse = back.pulse
    pass(3_600_000, 3_604_000)
    assert.equal(sent, MAX_UNANSWERED + 2)
  })

  it('beats at once after we slept ourselves, and does not blame the peer', () => {
    let pulse: Pulse = newPulse(0)
    for (let now = 0; now < 20_000; now += TICK_MS) pulse = tick(pulse, now).pulse
    const woken = tick(awoken(pulse, 60_000), 60_000)
    assert.notEqual(woken.beat, null)
    const fresh = tick(awoken(newPulse(0), 60_000), 60_000)
    assert.equal(fresh.fellSilent, false)
    assert.equal(tick(fresh.pulse, 60_000 + SILENT_MS).fellSilent, false)
    assert.equal(tick(fresh.pulse, 60_001 + SILENT_MS).fellSilent, true)
  })

  it('knows sleep from a busy second, on either clock', () => {
    const before = { monotonic: 1000, wall: 5000 }
    assert.equal(slept(before, { monotonic: 1500, wall: 5500 }), false)
    assert.equal(slept(before, { monotonic: 2900, wall: 6900 }), false)
    // A laptop's monotonic clock stands still while it sleeps; a suspended process's goes on.
    assert.equal(slept(before, { monotonic: 1500, wall: 65_000 }), true)
    assert.equal(slept(before, { monotonic: 61_000, wall: 65_000 }), true)
    assert.equal(slept(before, { monotonic: 1500, wall: 0 }), false)
  })
})
