//! How many requests each caller may send: a bucket that fills with requests, and leaks at a steady
//! rate.
//!
//! All that is kept of a caller is when its bucket will be empty (the generic cell rate algorithm).
//! Once that has passed, there is nothing to know of it, so forgetting it changes nothing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ferroflow_model::Caller;

/// How many callers are remembered: a few megabytes. Whoever sends from more addresses at a time
/// would not be stopped by a limit on each of them.
const MAX_CALLERS: usize = 100_000;

/// So many callers cost nothing worth a search for those that can be forgotten.
const FEW_CALLERS: usize = 1000;

/// What is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Requests a second, on average.
    pub(crate) per_second: NonZero<u32>,
    /// Requests at once, after a pause.
    pub(crate) burst: NonZero<u32>,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    Principal(String),
    Address(IpAddr),
}

impl Counted {
    /// A caller is known by its name, wherever it is. Of one without a name only the address is
    /// known; in version 6 a site has as many as it likes, so those of a network count as one.
    pub(super) fn of(caller: &Caller, address: IpAddr) -> Self {
        if !caller.is_anonymous() {
            return Self::Principal(caller.principal.clone());
        }
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Ipv6Addr::from_bits(network).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Counts the requests of all callers.
pub(super) struct RateLimiter {
    /// How long one request takes to leak out.
    interval: Duration,
    /// How long a full bucket takes to leak out.
    capacity: Duration,
    callers: Mutex<Callers>,
}

#[derive(Default)]
struct Callers {
    /// When the bucket of each is empty.
    empty_at: HashMap<Counted, Instant>,
    /// How many there may be before the empty ones are looked for, so that the search costs each
    /// request next to nothing.
    sweep_above: usize,
}

impl RateLimiter {
    pub(super) fn new(rate: Rate) -> Self {
        let interval = Duration::from_secs(1) / rate.per_second.get();
        Self {
            interval,
            capacity: interval * rate.burst.get(),
            callers: Mutex::default(),
        }
    }

    /// Counts one request; or, when its caller has sent too many, says how long to wait.
    pub(super) fn admit(&self, counted: Counted, now: Instant) -> Result<(), Duration> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let former = callers.empty_at.get(&counted);
        let empty_at = former.map_or(now, |former| now.max(*former)) + self.interval;
        let wait = (empty_at - now).saturating_sub(self.capacity);
        if !wait.is_zero() {
            return Err(wait);
        }
        if former.is_none() {
            callers.make_place(now);
        }
        callers.empty_at.insert(counted, empty_at);
        Ok(())
    }
}

impl Callers {
    fn make_place(&mut self, now: Instant) {
        if self.empty_at.len() < self.sweep_above.clamp(FEW_CALLERS, MAX_CALLERS) {
            return;
        }
        self.empty_at.retain(|_, empty_at| *empty_at > now);
        if self.empty_at.len() >= MAX_CALLERS {
            self.empty_at.clear();
        }
        self.sweep_above = self.empty_at.len() * 2;
        self.empty_at.shrink_to(self.sweep_above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_second: u32, burst: u32) -> RateLimiter {
        RateLimiter::new(Rate {
            per_second: NonZero::new(per_second).unwrap(),
            burst: NonZero::new(burst).unwrap(),
        })
    }

    fn caller(number: u32) -> Counted {
        Counted::Address(std::net::Ipv4Addr::from_bits(number).into())
    }

    fn admitted(limiter: &RateLimiter, number: u32, now: Instant, tries: usize) -> usize {
        let admitted = |_: &usize| limiter.admit(caller(number), now).is_ok();
        (0..tries).filter(admitted).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let (limiter, start) = (limiter(10, 4), Instant::now());
        assert_eq!(admitted(&limiter, 1, start, 10), 4);
        let later = start + Duration::from_millis(250);
        assert_eq!(admitted(&limiter, 1, later, 10), 2);
        let much_later = later + Duration::from_hours(1);
        assert_eq!(admitted(&limiter, 1, much_later, 10), 4);
    }

    #[test]
    fn the_wait_ends_when_the_next_request_passes() {
        let (limiter, start) = (limiter(4, 1), Instant::now());
        assert_eq!(limiter.admit(caller(1), start), Ok(()));
        let wait = limiter.admit(caller(1), start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(250));
        let early = start + Duration::from_millis(249);
        assert!(limiter.admit(caller(1), early).is_err());
        assert_eq!(limiter.admit(caller(1), start + wait), Ok(()));
    }

    #[test]
    fn callers_are_counted_apart() {
        let (limiter, start) = (limiter(1, 3), Instant::now());
        for number in 0..10 {
            assert_eq!(admitted(&limiter, number, start, 5), 3);
        }
    }

    #[test]
    fn those_whose_bucket_is_empty_are_forgotten() {
        let (limiter, start) = (limiter(1, 2), Instant::now());
        let remembered = || limiter.callers.lock().unwrap().empty_at.len();
        let waiting = u32::try_from(FEW_CALLERS).unwrap();
        for number in 0..waiting {
            admitted(&limiter, number, start, 2);
        }
        // These send all they may, so their buckets are never empty.
        let in_time = start + Duration::from_millis(1500);
        admitted(&limiter, 0, in_time, 1);
        let late = start + Duration::from_secs(2);
        admitted(&limiter, waiting, late, 1);
        assert_eq!(remembered(), 2);
        assert_eq!(admitted(&limiter, 0, late, 5), 1);
    }

    #[test]
    fn the_number_of_callers_has_a_bound() {
        let (limiter, start) = (limiter(1, 1), Instant::now());
        let many = u32::try_from(MAX_CALLERS).unwrap() * 2 + 10;
        for number in 0..many {
            assert_eq!(admitted(&limiter, number, start, 1), 1);
            let remembered = limiter.callers.lock().unwrap().empty_at.len();
            assert!(remembered <= MAX_CALLERS);
        }
    }

    #[test]
    fn a_name_counts_before_an_address() {
        let named = |name: &str, address: &str| {
            let principal = name.to_owned();
            Counted::of(&Caller { principal }, address.parse().unwrap())
        };
        assert_eq!(named("ann", "10.0.0.1"), named("ann", "10.0.0.2"));
        assert_ne!(named("ann", "10.0.0.1"), named("bob", "10.0.0.1"));

        let nobody = |address: &str| Counted::of(&Caller::anonymous(), address.parse().unwrap());
        assert_ne!(nobody("10.0.0.1"), nobody("10.0.0.2"));
        assert_eq!(nobody("10.0.0.1"), nobody("::ffff:10.0.0.1"));
        assert_ne!(nobody("::ffff:10.0.0.1"), nobody("::ffff:10.0.0.2"));
        assert_eq!(nobody("2001:db8:1:2::1"), nobody("2001:db8:1:2:ffff::9"));
        assert_ne!(nobody("2001:db8:1:2::1"), nobody("2001:db8:1:3::1"));
    }
}
