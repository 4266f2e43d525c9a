//! `check` and `inspect`: one request from the arguments, one reply to the streams.

use super::args::{CheckArgs, Format, InspectArgs, OutputArgs, SnapshotArgs};
use super::place::Place;
use super::{Outcome, log, output, progress, request, review, settings};
use crate::service::{Output, Request, Target};

/// Reviews, prints the findings and gives the gate's exit code.
pub(super) fn check(args: &CheckArgs) -> Outcome {
    let output = match args.output.format {
        Format::Terminal => Output::Terminal,
        Format::Json => Output::Json,
    };
    let mut request = request(&args.snapshot, output, &args.output)?;
    request.base.clone_from(&args.base);
    request.fail_on = args.fail_on;
    let directory = &request.environment.directory;
    if request.target == Target::Worktree {
        // A word that is no path may have been meant as a command.
        request::check_paths(directory, &args.paths).map_err(|error| error.hint("`git auth-review -h` lists the commands"))?;
    }
    if let Some(place) = place(&request) {
        request.paths = request::repository_paths(&place.root, directory, &args.paths)?;
    }
    run(&request, &args.output, args.quiet)
}

/// Prints what the review understood.
pub(super) fn inspect(args: &InspectArgs) -> Outcome {
    let output = match args.output.format {
        Format::Terminal => Output::InspectTerminal,
        Format::Json => Output::InspectJson,
    };
    run(&request(&args.snapshot, output, &args.output)?, &args.output, false)
}

fn request(snapshot: &SnapshotArgs, output: Output, args: &OutputArgs) -> anyhow::Result<Request> {
    let target = match &snapshot.rev {
        Some(rev) => Target::Revision(rev.clone()),
        None if snapshot.staged => Target::Staged,
        None => Target::Worktree,
    };
    let mut request = request::build(target, output, args.color)?;
    request.style.verbose = args.verbose;
    Ok(request)
}

fn place(request: &Request) -> Option<Place> {
    Place::find(&request.environment)
}

fn run(request: &Request, args: &OutputArgs, quiet: bool) -> Outcome {
    if args.verbose {
        log::everything();
    }
    let place = place(request);
    let use_daemon = !args.no_daemon && place.as_ref().is_some_and(|place| settings::daemon_wanted(&place.root));
    let (mut reply, _) = progress::shown(|| review::answer(request, place.as_ref(), use_daemon));
    if quiet {
        reply.stdout.clear();
    }
    Ok(output::emit(&reply)?)
}
