//! Ten families of made traces, each with several seeds, sizes and rates of sampling.
//!
//! They are made to differ: none of their constants is known to the estimator.

use super::trace::{Point, Trace};

/// What the leader writes a second.
const RATE: f64 = 20_000.0;
/// The leader has written so long before the trace begins, so that no follower starts before it.
const BEFORE: f64 = 40_000.0;

/// The same numbers for the same seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Those of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    /// Between 0 and 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// What a trace is made from: how long, how often, how large.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Of the dice.
    pub seed: u64,
    /// How long it is.
    pub seconds: f64,
    /// The time between two samples.
    pub every: f64,
    /// The lag that it is about, in seconds.
    pub size: f64,
}

/// Shapes, and what they are called together.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// As it is called.
    pub name: &'static str,
    /// One for each trace of a family.
    pub shapes: [Shape; 8],
}

/// The next lag: of the time since the start and since the last.
type Next = Box<dyn FnMut(&mut Dice, f64, f64) -> f64>;

/// A family: its name, and what makes a trace of it.
pub struct Family {
    /// As it is called.
    pub name: &'static str,
    make: fn(&mut Dice, Shape) -> Next,
    irregular: bool,
}

const fn family(name: &'static str, make: fn(&mut Dice, Shape) -> Next) -> Family {
    Family {
        name,
        make,
        irregular: false,
    }
}

/// Each of them.
pub const ALL: [Family; 10] = [
    family("flat", flat),
    family("linear", linear),
    family("stall", stall),
    family("drain", drain),
    family("ramps", ramps),
    family("walk", walk),
    family("spikes", spikes),
    family("sawtooth", sawtooth),
    family("batch", batch),
    Family {
        name: "irregular",
        make: ramp_up,
        irregular: true,
    },
];

impl Family {
    /// A trace of that shape.
    pub fn trace(&self, shape: Shape) -> Trace {
        let mut dice = Dice::new(shape.seed);
        let mut next = (self.make)(&mut dice, shape);
        let (mut at, mut points, mut applied) = (0.0, Vec::new(), 0_u64);
        let (mut step, mut from) = (0.0, 0.0);
        while at <= shape.seconds {
            // Nobody can know of a lag from before the first reading.
            let made = next(&mut dice, at, step).max(0.0);
            if made > at {
                from = at;
            }
            let lag = made.min(at);
            let leader = position(BEFORE + at);
            // A follower does not go back.
            applied = applied.max(position(BEFORE + at - lag)).min(leader);
            let lag = at + BEFORE - float(applied) / RATE;
            points.push(Point {
                at,
                leader,
                applied,
                lag: lag.max(0.0),
            });
            step = shape.every;
            if self.irregular {
                step *= dice.between(0.05, 2.0);
                if dice.unit() < 0.02 {
                    step *= 10.0;
                }
            }
            at += step;
        }
        Trace {
            name: format!(
                "{}-{}-every-{}-size-{}",
                self.name, shape.seed, shape.every, shape.size
            ),
            points,
            interventions: Vec::new(),
            from,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "in range"
)]
fn position(seconds: f64) -> u64 {
    (seconds * RATE).round().max(0.0) as u64
}

#[expect(clippy::cast_precision_loss, reason = "in range")]
fn float(position: u64) -> f64 {
    position as f64
}

fn flat(_: &mut Dice, shape: Shape) -> Next {
    Box::new(move |dice, _, _| shape.size * (1.0 + 0.15 * dice.normal()))
}

fn linear(dice: &mut Dice, shape: Shape) -> Next {
    let slope = dice.between(0.03, 0.95);
    Box::new(move |dice, at, _| 0.1 * shape.size + slope * at + 0.02 * shape.size * dice.normal())
}

fn stall(dice: &mut Dice, shape: Shape) -> Next {
    let onset = shape.seconds * dice.between(0.2, 0.5);
    let end = onset + shape.seconds * dice.between(0.3, 0.7);
    Box::new(move |dice, at, _| {
        let usual = 0.05 * shape.size * (1.0 + 0.3 * dice.normal());
        if at > onset && at < end {
            usual + at - onset
        } else {
            usual
        }
    })
}

fn drain(dice: &mut Dice, shape: Shape) -> Next {
    let top = shape.seconds * dice.between(0.05, 0.3);
    let from = top + shape.seconds * dice.between(0.05, 0.1);
    let slope = top / (shape.seconds * dice.between(0.1, 0.5));
    let floor = 0.01 * shape.size;
    Box::new(move |dice, at, _| {
        let noise = 0.02 * shape.size * dice.normal();
        let stalled = (at - (from - top)).clamp(0.0, top);
        (stalled - slope * (at - from).max(0.0)).max(floor) + noise
    })
}

fn ramps(dice: &mut Dice, shape: Shape) -> Next {
    let (mut until, mut slope, mut lag) = (0.0, 0.0, shape.size);
    let _ = dice.unit();
    Box::new(move |dice, at, step| {
        if at >= until {
            until = at + dice.between(60.0, 300.0);
            slope = if dice.unit() < 0.3 {
                0.0
            } else {
                dice.between(-1.0, 0.9)
            };
        }
        lag = f64::max(0.02 * shape.size, lag + slope * step);
        lag + 0.02 * shape.size * dice.normal()
    })
}

fn walk(_: &mut Dice, shape: Shape) -> Next {
    let mut lag = 5.0 * shape.size;
    Box::new(move |dice, _, step| {
        lag = (lag + 0.1 * shape.size * step.sqrt() * dice.normal()).abs();
        lag
    })
}

fn spikes(_: &mut Dice, shape: Shape) -> Next {
    let (mut spike, mut until) = (0.0, 0.0);
    Box::new(move |dice, at, step| {
        if at >= until {
            spike = 0.0;
            if dice.unit() < step / 40.0 {
                spike = shape.size * dice.between(2.0, 10.0);
                until = at + dice.between(0.0, 3.0);
            }
        }
        shape.size * (1.0 + 0.05 * dice.normal()) + spike
    })
}

fn sawtooth(dice: &mut Dice, shape: Shape) -> Next {
    let period = dice.between(25.0, 170.0);
    let top = (0.9 * period).min(shape.size * 5.0);
    Box::new(move |dice, at, _| {
        let part = (at / period).fract();
        0.02 * shape.size + top * part + 0.01 * top * dice.normal()
    })
}

fn batch(dice: &mut Dice, shape: Shape) -> Next {
    let period = dice.between(15.0, 90.0);
    let is_steps = shape.seed.is_multiple_of(2);
    let (mut until, mut from, mut level) = (0.0, 0.0, shape.size);
    Box::new(move |dice, at, _| {
        if at >= until {
            from = at;
            // What is applied in batches; or a level that jumps.
            until = if is_steps {
                level = shape.size * dice.between(0.3, 3.0);
                at + dice.between(60.0, 400.0)
            } else {
                at + period * (1.0 + 0.05 * dice.normal())
            };
        }
        if is_steps {
            level * (1.0 + 0.03 * dice.normal())
        } else {
            0.02 * period + (at - from)
        }
    })
}

fn ramp_up(dice: &mut Dice, shape: Shape) -> Next {
    let slope = dice.between(0.1, 0.9);
    let turn = shape.seconds * dice.between(0.3, 0.8);
    Box::new(move |dice, at, _| {
        let noise = 0.02 * shape.size * dice.normal();
        shape.size + slope * at.min(turn) - 0.5 * slope * (at - turn).max(0.0) + noise
    })
}

const fn shape(seed: u64, seconds: f64, every: f64, size: f64) -> Shape {
    Shape {
        seed,
        seconds,
        every,
        size,
    }
}

/// What is made of each family, twice: as most would poll a follower, and over four orders of magnitude of
/// sizes and three of rates, where much of a lag is noise.
pub const SETS: [Set; 2] = [
    Set {
        name: "usual",
        shapes: [
            shape(11, 1_800.0, 1.0, 0.2),
            shape(12, 1_800.0, 2.0, 0.5),
            shape(13, 1_800.0, 1.0, 1.0),
            shape(14, 1_800.0, 2.0, 2.0),
            shape(15, 1_800.0, 1.0, 5.0),
            shape(16, 1_800.0, 2.0, 1.0),
            shape(17, 1_800.0, 1.0, 0.5),
            shape(18, 1_800.0, 2.0, 3.0),
        ],
    },
    Set {
        name: "harsh",
        shapes: [
            shape(1, 1_200.0, 0.25, 1.0),
            shape(2, 1_200.0, 1.0, 10.0),
            shape(3, 3_600.0, 1.0, 0.1),
            shape(4, 3_600.0, 5.0, 60.0),
            shape(5, 600.0, 0.05, 0.5),
            shape(6, 14_400.0, 30.0, 200.0),
            shape(7, 1_800.0, 2.0, 5.0),
            shape(8, 900.0, 0.5, 30.0),
        ],
    },
];
