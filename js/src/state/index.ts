/** State has no view: its front end is the model alone, which other views reach through their host. */
export default {};
