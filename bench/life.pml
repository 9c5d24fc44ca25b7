/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a PASID, as a model that spin goes through in every order.
 *
 * One set, one number and two PASIDs that have it one after the other. Three threads
 * allocate with a private ID, take and give references, unbind and free, each as often as
 * it likes up to OPS times; a worker tells what is left over; and a vCPU translates by
 * the table of a notifier that has to sleep before a PASID may go, as KVM's. Who frees
 * waits until everybody knows, as the calls of user space do.
 *
 * What stands for what (drivers/iommu/):
 *   number               the slot of the pool's xarray
 *   users, freed         struct ioasid.life, one atomic word
 *   notes, heard         ioasid_set.notes, .heard
 *   telling, unsettled   ioasid_set.telling, .unsettled
 *   queued, heard_of,    ioasid_set.queued, .told, .settled
 *   settled
 * A step of the model is one that no other CPU can see half of: an access to memory, an
 * atomic operation, or what is done under the locks of the set and the pool. Whoever
 * looks without them sees one change of each such step: the number, or the life.
 */

#ifndef OPS
#define OPS	5	/* of all threads together */
#endif
#define PASIDS	2	/* lives of the number */
#define NONE	255

mtype = { ALLOC, BIND, UNBIND, FREE };

/* Of each PASID. */
byte users[PASIDS];
bool freed[PASIDS];
bool bound[PASIDS];
bool reclaimed[PASIDS];
byte refs[PASIDS];		/* threads that hold it, until their put has ended */
byte told[PASIDS];		/* events in their order: 1 ALLOC ... 4 FREE */

byte ops;
byte number = NONE;
byte born;
byte used;
byte pending;
bool telling;
bool unsettled;
byte queued;
byte heard_of;
byte settled;
chan notes = [8] of { mtype, byte };
chan heard = [8] of { mtype, byte };
chan work = [1] of { bool };

/* The notifier's: what the private ID stands for, and whether a vCPU may be using it. */
byte table = NONE;
bool in_guest;

/* ioasid_note_locked() */
inline note(type, id)
{
	notes ! type, id;
	queued++;
	tell = tell || !telling;
	telling = true;
}

/* ioasid_try_request(), ioasid_publish_locked() */
inline alloc()
{
	atomic {
		if
		:: number == NONE && born < PASIDS ->
			number = born;
			bound[born] = true;
			used++;
			note(ALLOC, born);
			note(BIND, born);
			born++
		:: else
		fi
	}
}

/* ioasid_detach_private() */
inline unbind()
{
	atomic {
		if
		:: number != NONE && bound[number] ->
			bound[number] = false;
			note(UNBIND, number)
		:: else
		fi
	}
}

/* ioasid_try_hold(): a compare and exchange, again until it succeeds */
inline get()
{
	id = number;			/* ioasid_lookup(), under RCU */
	if
	:: id == NONE
	:: else ->
		do
		:: atomic { freed[id] -> break }
		:: atomic { !freed[id] -> old = users[id] }
			atomic {
				if
				:: users[id] == old && !freed[id] ->
					users[id]++;
					refs[id]++;
					held = id;
					/* A reference to what is gone is none. */
					assert(!reclaimed[id]);
					break
				:: else
				fi
			}
		od
	fi;
	atomic { id = NONE; old = 0 }
}

/* ioasid_reclaim_locked(): once, when everybody was told, and no vCPU goes there */
inline reclaim(id_)
{
	assert(!reclaimed[id_]);
	assert(number == id_);
	assert(told[id_] == 4);
	assert(table != id_);
	reclaimed[id_] = true;
	number = NONE;
	used--
}

/* ioasid_release(), ioasid_reclaim_pending() */
inline put(id_)
{
	atomic {
		assert(users[id_] > 0);
		users[id_]--;
		last = users[id_] == 0 && freed[id_]
	}
	if
	:: last -> atomic { pending--; reclaim(id_); last = false }
	:: else
	fi
}

/* ioasid_free_one(), ioasid_retire_locked(): the event is a user */
inline free_one()
{
	id = number;			/* ioasid_lookup(), under RCU */
	atomic {
		if
		:: id == NONE
		:: id != NONE && freed[id]	/* -ENOENT */
		:: id != NONE && !freed[id] ->
			if
			:: bound[id] -> bound[id] = false; note(UNBIND, id)
			:: else
			fi;
			note(FREE, id);
			freed[id] = true;
			users[id]++;
			pending++
		fi;
		gone = id;
		id = NONE
	}
}

/*
 * ioasid_set_sync(). What the caller freed is gone then, or somebody has a reference.
 */
inline sync()
{
	nr = queued;
	atomic {
		settled >= nr || !telling;
		assert(gone == NONE || reclaimed[gone] || refs[gone] > 0);
		gone = NONE;
		nr = 0
	}
}

/* kvm_pasid_notify(). Whoever is told is told of each once, in order. */
inline notify(type, id_)
{
	atomic {
		if
		:: type == ALLOC -> assert(told[id_] == 0); told[id_] = 1
		:: type == BIND -> assert(told[id_] == 1); told[id_] = 2; table = id_
		:: type == UNBIND ->
			assert(told[id_] == 2);
			told[id_] = 3;
			table = NONE;
			unsettled = true	/* ioasid_unsettled() */
		:: type == FREE -> assert(told[id_] == 3); told[id_] = 4
		fi
	}
}

/* ioasid_note_done() */
inline done(type, id_)
{
	if
	:: type == FREE -> put(id_)
	:: else
	fi
}

/* ioasid_tell_some(), of which the budget is BUDGET events */
#ifndef BUDGET
#define BUDGET	2
#endif
inline tell_some()
{
	do
	:: budget == BUDGET -> break
	:: else ->
		if
		:: atomic { empty(notes) -> break }
		:: notes ? what, which
		fi;
		budget++;
		notify(what, which);
		if
		:: atomic { unsettled -> heard ! what, which; heard_of++ }
		:: else ->
			done(what, which);
			atomic { heard_of++; settled = heard_of }
		fi
	od;
	atomic {
		budget = 0;
		what = 0;
		which = 0;
		all = empty(notes) && !unsettled;
		telling = !all
	}
}

/* ioasid_settle(), kvm_pasid_settle() */
inline settle()
{
	if
	:: unsettled ->
		!in_guest;	/* KVM_REQ_OUTSIDE_GUEST_MODE */
		do
		:: heard ? what, which -> done(what, which)
		:: atomic { empty(heard) -> what = 0; which = 0; break }
		od;
		unsettled = false;
		settled = heard_of
	:: else
	fi
}

active [3] proctype thread()
{
	byte id = NONE, old, held = NONE, gone = NONE, nr, budget, which;
	bool last, tell, all;
	mtype what;

	do
	:: atomic { ops == OPS -> break }
	:: atomic { ops < OPS -> ops++ };
		if
		:: true -> alloc()
		:: true -> unbind()
		:: true -> free_one()
		:: held == NONE -> get()
		:: held != NONE ->
			/* Its number is still its own. */
			assert(number == held && !reclaimed[held]);
			put(held);
			atomic { refs[held]--; held = NONE }
		fi;
		/* ioasid_tell() */
		if
		:: tell ->
			tell_some();
			if
			:: !all -> work ! true
			:: else
			fi;
			atomic { tell = false; all = false }
		:: else
		fi;
		if
		:: gone != NONE -> sync()
		:: else
		fi
	od;
	if
	:: held != NONE -> put(held); refs[held]--
	:: else
	fi
}

/* ioasid_teller() */
active proctype worker()
{
	byte id, budget, which;
	bool last, all;
	mtype what;

end:	do
	:: work ? _ ->
		do
		:: settle();
			tell_some();
			if
			:: all -> all = false; break
			:: else
			fi
		od
	od
}

/* Uses what it read from the table until it leaves the guest. */
active proctype vcpu()
{
	byte to, entries;

	do
	:: entries == 2 -> break
	:: else ->
		entries++;
		in_guest = true;
		to = table;
		assert(to == NONE || !reclaimed[to]);
		in_guest = false
	od
}

/* Nobody can go on: everything was told and settled, and what is free is given back. */
active proctype rest()
{
	byte live, i;

	timeout;
	assert(!telling && !unsettled && empty(notes) && empty(heard));
	assert(pending == 0);
	for (i : 0 .. PASIDS - 1) {
		assert(reclaimed[i] == freed[i]);
		if
		:: i < born && !freed[i] -> live++; assert(told[i] >= 2)
		:: else
		fi
	}
	assert(used == live)
}
