//! How satisfied a client is with a cleaner on a job, and how they choose: the truth that a model may come close to.

use super::constants::{ATHENS, Choice};
use super::people::{SyntheticCleaner, SyntheticClient};

/// What the satisfaction depends on besides the two people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    pub(super) property_type: u16,
    pub(super) distance_km: f64,
    pub(super) amount: f64,
    pub(super) market_price: f64,
}

/// The mean of the overall rating before noise and rounding, rating points:
/// base + tastes · strengths + speciality − distance + recentring − value · ln(bid / market price) + leniency.
pub(super) fn satisfaction(cleaner: &SyntheticCleaner, client: &SyntheticClient, offered: &Offered) -> f64 {
    let k = &ATHENS.satisfaction;
    let aspects: f64 = client.tastes.iter().zip(&cleaner.strengths).map(|(taste, strength)| taste * strength).sum();
    let kind = if cleaner.speciality == offered.property_type { k.speciality } else { k.other_type };
    let value = ATHENS.choice(client.tier).value * libm::log(offered.amount / offered.market_price);
    cleaner.base + aspects + kind - k.per_km * offered.distance_km + k.recentring - value + client.leniency
}

/// The utility of a bid before the client's random part.
pub(super) fn utility(choice: &Choice, satisfaction: f64, amount: f64, lowest: f64, early: bool) -> f64 {
    let bonus = if early { ATHENS.early_bonus } else { 0.0 };
    choice.satisfaction * satisfaction - choice.price * libm::log(amount / lowest) + bonus
}

/// The overall rating: rounded to a whole number from 1 to 10.
pub(super) fn rating(satisfaction_and_noise: f64) -> f64 {
    satisfaction_and_noise.round().clamp(1.0, 10.0)
}

/// The exact expectation of the overall rating on the normalised scale, that is of clamp(round(X), 1, 10) / 10 for
/// X normal around `satisfaction`: one plus the probabilities of reaching 2, 3, … 10.
pub fn expected_rating(satisfaction: f64) -> f64 {
    let reaches = |rating: u32| {
        let z = (f64::from(rating) - 0.5 - satisfaction) / ATHENS.satisfaction.noise_sd;
        0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
    };
    (1.0 + (2..=10).map(reaches).sum::<f64>()) / 10.0
}
