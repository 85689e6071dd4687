"""What IT does to playlists. What is deleted here leaves a copy, from which it can be restored under its number."""

from datetime import timedelta
from typing import Annotated

from desk import desk
from models import DeletedPlaylist, Playlist, Track
from pydantic import Field
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from firsthand import Refused, Run

playlists = desk.namespace("playlist", who=["it manager", "it staff"], tags=["catalogue"], owner="it")


def name_is_free(name: str, session: Session) -> bool:
    """No playlist has that name."""
    return not session.scalar(select(exists().where(Playlist.name == name)))


@playlists.action(when=name_is_free, why=["two of a name", "typing error"])
def rename(playlist: Playlist, name: Annotated[str, Field(min_length=1, max_length=120)]) -> str:
    """Give a playlist another name."""
    before, playlist.name = playlist.name, name
    return f"{before} became {name}."


def is_spare(playlist: Playlist, session: Session) -> bool:
    """It is empty, or another playlist has the same name."""
    other = exists().where(Playlist.name == playlist.name, Playlist.id != playlist.id)
    return not playlist.tracks or bool(session.scalar(select(other)))


@playlists.action(who="it manager", when=is_spare, why=["two of a name", "empty"])
def delete(playlist: Playlist, session: Session, run: Run[str]) -> str:
    """Delete a playlist that nobody would miss; a copy is kept."""
    ids = [track.id for track in playlist.tracks]
    copy = DeletedPlaylist(playlist_id=playlist.id, name=playlist.name, track_ids=ids, deleted_on=run.at.date())
    session.add(copy)
    session.delete(playlist)
    session.flush()
    return f"{playlist.name} is deleted; copy {copy.id} is kept."


def is_not_restored(deleted: DeletedPlaylist) -> bool:
    """It has not been restored from this copy already."""
    return deleted.restored_on is None


def is_recent(deleted: DeletedPlaylist, run: Run[str]) -> bool:
    """It was deleted in the last 30 days."""
    return run.at.date() - deleted.deleted_on <= timedelta(days=30)


def number_is_free(deleted: DeletedPlaylist, session: Session) -> bool:
    """No new playlist has its number."""
    if other := session.get(Playlist, deleted.playlist_id):
        raise Refused(f"Playlist {other.id} is “{other.name}” now.", fix="Make a new playlist of the copy's tracks.")
    return True


@playlists.action(when=[is_not_restored, is_recent, number_is_free], why=["deleted by mistake", "customer asked"])
def restore(deleted: DeletedPlaylist, session: Session, run: Run[str]) -> str:
    """Bring a deleted playlist back under its number, with those of its tracks that are still sold."""
    tracks = session.scalars(select(Track).where(Track.id.in_(deleted.track_ids))).all()
    session.add(Playlist(id=deleted.playlist_id, name=deleted.name, tracks=list(tracks)))
    deleted.restored_on = run.at.date()
    if missing := len(deleted.track_ids) - len(tracks):
        run.say(f"{missing} of its tracks are no longer sold and stay away.")
    return f"{deleted.name} is back as playlist {deleted.playlist_id}, with {len(tracks)} tracks."
