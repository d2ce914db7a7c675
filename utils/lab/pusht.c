// Push-T in WebAssembly: gym-pusht's table, on the very sources of Chipmunk that its pymunk wraps.
// supply/simulator.py compiles this file together with them into pusht-wasm.js.
//
// What gym_pusht/envs/pusht.py does is done here in the same order, so that every number comes out
// of the same operations: bodies and shapes are added in its order, ten steps of 0.01 s go to one
// action, and a new episode begins in a new space.
#include <chipmunk/chipmunk.h>
#include <stddef.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

enum { HEAP = 1 << 20, STEPS = 10, CORNERS = 4, MOST = 16 };
static const cpFloat DT = 0.01, K_P = 100, K_V = 20, SCALE = 30;

// ---- memory: an episode takes what it needs, the next one begins with all of it ------------------

static _Alignas(16) unsigned char heap[HEAP];
static size_t used;

void *calloc(size_t count, size_t size) {
	size_t bytes = (count * size + 31) & ~(size_t)15; // 16 before it hold its size
	if (bytes > HEAP - used) __builtin_trap();
	unsigned char *block = heap + used;
	used += bytes;
	memset(block, 0, bytes);
	*(size_t *)block = bytes - 16;
	return block + 16;
}

void *malloc(size_t size) { return calloc(1, size); }

void *realloc(void *old, size_t size) {
	void *block = calloc(1, size);
	if (old) {
		size_t had = *(size_t *)((unsigned char *)old - 16);
		memcpy(block, old, had < size ? had : size);
	}
	return block;
}

void free(void *block) { (void)block; }

void cpMessage(const char *condition, const char *file, int line, int error, int hard,
               const char *message, ...) {
	(void)condition, (void)file, (void)line, (void)message;
	if (error || hard) __builtin_trap();
}

void abort(void) { __builtin_trap(); }

// ---- the table -----------------------------------------------------------------------------------

static cpSpace *space;
static cpBody *agent, *block, *goal;
static cpShape *parts[2];
// What JavaScript reads: agent x, y, its velocity, block x, y, angle, coverage.
static double seen[8];

static void add_wall(cpVect a, cpVect b) {
	cpSpaceAddShape(space, cpSegmentShapeNew(cpSpaceGetStaticBody(space), a, b, 2));
}

static void add_agent(void) {
	agent = cpBodyNewKinematic();
	cpBodySetPosition(agent, cpv(256, 400));
	cpShape *shape = cpCircleShapeNew(agent, 15, cpvzero);
	cpSpaceAddBody(space, agent);
	cpSpaceAddShape(space, shape);
}

static void add_block(void) {
	const cpFloat mass = 1, length = 4;
	cpVect bar[CORNERS] = {{-length * SCALE / 2, SCALE}, {length * SCALE / 2, SCALE},
	                       {length * SCALE / 2, 0}, {-length * SCALE / 2, 0}};
	cpVect stem[CORNERS] = {{-SCALE / 2, SCALE}, {-SCALE / 2, length * SCALE},
	                        {SCALE / 2, length * SCALE}, {SCALE / 2, SCALE}};
	cpFloat inertia = cpMomentForPoly(mass, CORNERS, bar, cpvzero, 0); // of the bar, twice
	block = cpBodyNew(mass, inertia + inertia);
	parts[0] = cpPolyShapeNew(block, CORNERS, bar, cpTransformIdentity, 0);
	parts[1] = cpPolyShapeNew(block, CORNERS, stem, cpTransformIdentity, 0);
	cpVect both = cpvadd(cpShapeGetCenterOfGravity(parts[0]), cpShapeGetCenterOfGravity(parts[1]));
	cpBodySetCenterOfGravity(block, cpv(both.x / 2, both.y / 2));
	cpBodySetAngle(block, 0);
	cpBodySetPosition(block, cpv(256, 300));
	cpSpaceAddBody(space, block);
	cpSpaceAddShape(space, parts[0]);
	cpSpaceAddShape(space, parts[1]);
}

// ---- coverage ------------------------------------------------------------------------------------

/** The part of a convex polygon on the left of the line from a to b; returns its corners. */
static int cut(const cpVect *from, int n, cpVect a, cpVect b, cpVect *to) {
	int count = 0;
	cpVect along = cpvsub(b, a);
	for (int i = 0; i < n; i++) {
		cpVect p = from[i], q = from[(i + 1) % n];
		cpFloat at_p = cpvcross(along, cpvsub(p, a)), at_q = cpvcross(along, cpvsub(q, a));
		if (at_p >= 0) to[count++] = p;
		if ((at_p > 0 && at_q < 0) || (at_p < 0 && at_q > 0)) {
			to[count++] = cpvlerp(p, q, at_p / (at_p - at_q));
		}
	}
	return count;
}

static cpFloat area(const cpVect *corners, int n) {
	cpFloat twice = 0;
	for (int i = 0; i < n; i++) {
		twice += cpvcross(cpvsub(corners[i], corners[0]), cpvsub(corners[(i + 1) % n], corners[0]));
	}
	return cpfabs(twice) / 2;
}

static void corners_of(const cpBody *body, const cpShape *part, cpVect *to) {
	for (int i = 0; i < CORNERS; i++) to[i] = cpBodyLocalToWorld(body, cpPolyShapeGetVert(part, i));
}

/** Share of the goal's area under the block. The two parts of a T do not overlap: areas add up. */
static cpFloat coverage(void) {
	cpFloat common = 0, whole = 0;
	for (int i = 0; i < 2; i++) {
		cpVect target[CORNERS];
		corners_of(goal, parts[i], target);
		whole += area(target, CORNERS);
		for (int j = 0; j < 2; j++) {
			cpVect here[MOST], there[MOST];
			corners_of(block, parts[j], here);
			int n = CORNERS;
			for (int k = 0; k < CORNERS; k++) {
				n = cut(here, n, target[k], target[(k + 1) % CORNERS], there);
				memcpy(here, there, sizeof(here));
			}
			common += area(here, n);
		}
	}
	return common / whole;
}

static void look(void) {
	cpVect at = cpBodyGetPosition(agent), speed = cpBodyGetVelocity(agent);
	cpVect place = cpBodyGetPosition(block);
	double found[8] = {at.x, at.y, speed.x, speed.y, place.x, place.y, cpBodyGetAngle(block), coverage()};
	memcpy(seen, found, sizeof(seen));
}

// ---- what JavaScript calls -----------------------------------------------------------------------

/** A new episode from [agent x, agent y, block x, block y, angle]; gym-pusht's reset takes one step. */
EXPORT("reset") double *reset(double x, double y, double block_x, double block_y, double angle) {
	used = 0;
	space = cpSpaceNew();
	cpSpaceSetGravity(space, cpvzero);
	cpSpaceSetDamping(space, 0);
	add_wall(cpv(5, 506), cpv(5, 5));
	add_wall(cpv(5, 5), cpv(506, 5));
	add_wall(cpv(506, 5), cpv(506, 506));
	add_wall(cpv(5, 506), cpv(506, 506));
	add_agent();
	add_block();
	goal = cpBodyNew(1, 1);
	cpBodySetPosition(goal, cpv(256, 256));
	cpBodySetAngle(goal, CP_PI / 4);
	cpBodySetPosition(agent, cpv(x, y));
	cpBodySetPosition(block, cpv(block_x, block_y)); // before the angle, as gym-pusht has it
	cpBodySetAngle(block, angle);
	cpSpaceStep(space, DT);
	look();
	return seen;
}

/** One action: for 0.1 s the agent is pulled to (x, y). */
EXPORT("step") double *step(double x, double y) {
	for (int i = 0; i < STEPS; i++) {
		cpVect at = cpBodyGetPosition(agent), speed = cpBodyGetVelocity(agent);
		cpFloat pull_x = K_P * (x - at.x) + (0 - speed.x) * K_V;
		cpFloat pull_y = K_P * (y - at.y) + (0 - speed.y) * K_V;
		cpBodySetVelocity(agent, cpv(speed.x + pull_x * DT, speed.y + pull_y * DT));
		cpSpaceStep(space, DT);
	}
	look();
	return seen;
}
