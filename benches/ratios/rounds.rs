//! Variants that take turns, and the ratios between them.

use std::time::Duration;

/// Odd, so that the median is one of them.
const ROUNDS: usize = 7;
const TURN: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(50);

/// Works for about so long; operations a second.
pub(crate) type Work<'a> = Box<dyn FnMut(Duration) -> f64 + 'a>;

/// What is said of a variant beside its figures, once they are known.
pub(crate) type Remark<'a> = Box<dyn Fn() -> String + 'a>;

struct Variant<'a> {
    name: &'static str,
    work: Work<'a>,
    remark: Remark<'a>,
}

/// A thing to do, and the ways of doing it. The first one's figures are divided by the others'.
pub(crate) struct Subject<'a> {
    title: String,
    variants: Vec<Variant<'a>>,
    /// The ratios to a variant that are asked for.
    goals: Vec<(&'static str, f64)>,
    before_turn: Box<dyn FnMut() + 'a>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            variants: Vec::new(),
            goals: Vec::new(),
            before_turn: Box::new(|| ()),
        }
    }

    /// What to put in order before each turn, outside of the time.
    pub(crate) fn before_turn(mut self, work: impl FnMut() + 'a) -> Self {
        self.before_turn = Box::new(work);
        self
    }

    pub(crate) fn variant(self, name: &'static str, work: Work<'a>) -> Self {
        self.variant_with(name, work, Box::new(String::new))
    }

    /// A variant of which something is to be said at the end of its line.
    pub(crate) fn variant_with(
        mut self,
        name: &'static str,
        work: Work<'a>,
        remark: Remark<'a>,
    ) -> Self {
        self.variants.push(Variant { name, work, remark });
        self
    }

    /// The first variant is to be so many times as fast as the one that was named last, if anything.
    pub(crate) fn goal(mut self, ratio: impl Into<Option<f64>>) -> Self {
        if let (Some(variant), Some(ratio)) = (self.variants.last(), ratio.into()) {
            self.goals.push((variant.name, ratio));
        }
        self
    }

    pub(crate) fn run(mut self, wanted: &[String]) {
        let title = self.title.to_lowercase();
        if !wanted.is_empty() && !wanted.iter().any(|part| title.contains(part)) {
            return;
        }
        let count = self.variants.len();
        let mut figures = vec![Vec::new(); count];
        for variant in &mut self.variants {
            (self.before_turn)();
            (variant.work)(WARM_UP);
        }
        for round in 0..ROUNDS {
            // Each round starts with another variant, so that none always follows the same one.
            for turn in 0..count {
                let at = (round + turn) % count;
                (self.before_turn)();
                figures[at].push((self.variants[at].work)(TURN));
            }
        }
        println!("\n{}", self.title);
        for (at, variant) in self.variants.iter().enumerate() {
            let (name, remark) = (variant.name, &variant.remark);
            let rate = middle(&mut figures[at].clone());
            if at == 0 {
                println!("  {name:34} {rate:10.0} a second{}", remark());
                continue;
            }
            let mut ratios: Vec<f64> = figures[0]
                .iter()
                .zip(&figures[at])
                .map(|(a, b)| a / b)
                .collect();
            let ratio = middle(&mut ratios);
            let (least, greatest) = (ratios[0], ratios[ROUNDS - 1]);
            let goal = self.goals.iter().find(|(of, _)| *of == name);
            let goal = goal.map_or_else(String::new, |(_, goal)| {
                // Rounds on both sides of a goal decide nothing: the machine was too busy.
                let verdict = match goal {
                    goal if least >= *goal => "met",
                    goal if greatest < *goal => "missed",
                    goal if ratio >= *goal => "met by the median, not by each round",
                    _ => "missed by the median, not by each round",
                };
                format!("   goal {goal:.2}: {verdict}")
            });
            println!(
                "  {name:34} {rate:10.0} a second   x {ratio:5.2}   ({least:.2} to {greatest:.2}){goal}{}",
                remark()
            );
        }
    }
}

fn middle(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
