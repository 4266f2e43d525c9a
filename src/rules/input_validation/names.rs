//! What the name of a field of the user says that it decides over.
//!
//! English names have what they are about at their end: `isSystemAdmin` is about administrators, `adminNotes` about notes.
//! So the end of a name is compared, and what may stand before it is limited where other things are called alike:
//! `billingPlan` and `mealPlan`, `userRole` and `jobRole`.

use crate::project::schema::words;

/// What a field decides over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// What a person may do, and who that person counts as.
    Rights,
    /// What somebody pays for.
    Entitlement,
    /// Whose data a person works with, where code trusts the field.
    Scope,
}

/// Names that mean one thing.
struct Kind {
    means: Means,
    /// How they end, in lower case and without separators.
    ends: &'static [&'static str],
    /// The words that may stand before the end.
    before: &'static [&'static str],
    /// When any words may.
    freely: Freely,
}

/// When any words may stand before the end of a name.
#[derive(Clone, Copy)]
enum Freely {
    Never,
    /// In names that begin with this word.
    After(&'static str),
    Always,
}

/// The parts of an application that somebody may have rights in.
const PLACES: &[&str] = &[
    "user",
    "account",
    "system",
    "platform",
    "site",
    "app",
    "application",
    "global",
    "portal",
    "auth",
    "access",
    "admin",
    "staff",
    "super",
];

/// What somebody is found to be: the owner of an address, who they say they are.
const PROVEN: &[&str] = &["user", "account", "email", "mail", "phone", "number", "mobile", "identity", "id", "kyc", "admin"];

/// What plans, sums and states of an account are about.
const ACCOUNTED: &[&str] = &[
    "user",
    "account",
    "billing",
    "payment",
    "pricing",
    "membership",
    "license",
    "plan",
    "current",
    "credit",
    "wallet",
    "token",
    "approval",
    "verification",
    "kyc",
    "access",
];

const KINDS: &[Kind] = &[
    Kind {
        means: Means::Rights,
        ends: &["admin", "administrator", "superadmin", "superuser"],
        before: PLACES,
        freely: Freely::After("is"),
    },
    Kind {
        means: Means::Rights,
        ends: &[
            "role",
            "roles",
            "roleid",
            "roleids",
            "rolename",
            "rolenames",
            "permission",
            "permissions",
            "permissionid",
            "permissionids",
            "privilege",
            "privileges",
        ],
        before: PLACES,
        freely: Freely::Never,
    },
    Kind { means: Means::Rights, ends: &["verified", "approved"], before: PROVEN, freely: Freely::After("is") },
    Kind {
        means: Means::Rights,
        ends: &["banned", "super", "staff", "moderator", "accesslevel", "adminlevel", "permissionlevel"],
        before: &[],
        freely: Freely::Never,
    },
    Kind {
        means: Means::Entitlement,
        ends: &["tier", "credits", "customerid", "subscriptionid"],
        before: &[],
        freely: Freely::Always,
    },
    Kind {
        means: Means::Entitlement,
        ends: &["plan", "planid", "planname", "plantype", "balance", "status"],
        before: ACCOUNTED,
        freely: Freely::Never,
    },
    Kind {
        means: Means::Entitlement,
        ends: &["premium", "pro", "paid", "lifetime", "purchases", "entitlements", "featureflags"],
        before: &[],
        freely: Freely::Never,
    },
    Kind { means: Means::Entitlement, ends: &["access"], before: &[], freely: Freely::After("has") },
    Kind {
        means: Means::Scope,
        ends: &[
            "tenantid",
            "organizationid",
            "organisationid",
            "orgid",
            "workspaceid",
            "companyid",
            "teamid",
            "familyid",
            "householdid",
            "userid",
            "ownerid",
        ],
        before: &[],
        freely: Freely::Never,
    },
];

/// Words at the beginning of names that are about what is paid for, however they end.
const PAID_FOR: [&str; 3] = ["subscription", "stripe", "premium"];

/// What a name says that its field decides over; `None` where it says nothing of the kind.
pub(super) fn meaning(name: &str) -> Option<Means> {
    let words: Vec<String> = words(name).into_iter().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (claim, rest) = match words.as_slice() {
        [claim @ ("is" | "has"), rest @ ..] => (Some(*claim), rest.to_vec()),
        // Without capitals and separators.
        [only] => (None, vec![only.strip_prefix("is").unwrap_or(only)]),
        _ => (None, words),
    };
    let ends_in = |kind: &&Kind| {
        let is_free = match kind.freely {
            Freely::Never => false,
            Freely::After(word) => claim == Some(word),
            Freely::Always => true,
        };
        (0..rest.len()).any(|at| {
            let (before, end) = rest.split_at(at);
            kind.ends.contains(&end.concat().as_str()) && (is_free || before.iter().all(|word| kind.before.contains(word)))
        })
    };
    let kind = KINDS.iter().find(ends_in).map(|kind| kind.means);
    kind.or_else(|| rest.first().filter(|first| PAID_FOR.contains(first)).map(|_| Means::Entitlement))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are(means: Option<Means>, names: &str) {
        for name in names.split_whitespace() {
            assert_eq!(meaning(name), means, "{name}");
        }
    }

    #[test]
    fn rights_are_told_by_the_end_of_a_name() {
        are(Some(Means::Rights), "role roles ROLE userRole system_role roleIds role_id permissions isAdmin is_admin isadmin");
        are(Some(Means::Rights), "isSystemAdmin isOrgAdmin superAdmin issuperadmin isSuper isSuperUser is_staff adminLevel");
        are(Some(Means::Rights), "verified emailVerified phoneNumberVerified isEmailVerified isApproved banned isBanned");
        are(None, "adminNotes roleDescription jobRole companyRole currentRole desiredRole contactAdmin lastVerified");
        are(None, "userRoleplay administration supervisor staffing isHomeOwner verifiedAt hasVerifiedEmail");
    }

    #[test]
    fn entitlements_and_scopes_are_told_apart_from_what_is_called_alike() {
        are(Some(Means::Entitlement), "plan billingPlan user_plan planId tier loyaltyTier credits aiCredits balance isPremium");
        are(Some(Means::Entitlement), "premiumUntil subscriptionStatus stripeCustomerId stripe_price_id customerId");
        are(
            Some(Means::Entitlement),
            "status accountStatus featureFlags hasAccess hasReportAccess isPro purchases walletBalance",
        );
        are(None, "mealPlan lessonPlan maritalStatus onlineStatus planet premiere program workBalance subscribedToUpdates");
        are(Some(Means::Scope), "tenantId organizationId org_id familyId userId");
        are(None, "activeOrganizationId lastWorkspaceId schoolId discordId deviceId organization userIdentity");
        are(None, "lang theme bio isPublic isActive onboarded username image tags \u{e9} is has _");
    }
}
